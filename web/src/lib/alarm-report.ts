/** Figures of alarm performance as a file that spreadsheets read. */
import type { AlarmReport as Report } from './api.gen.ts';
import { cell } from './csv.ts';

type Row = [section: string, name: string, value: string | number | null];

const time = (us: number): string => new Date(Math.round(us / 1000)).toISOString();

/** Returns a report as rows of section, name and value; `label` names an alarm. */
export function reportCsv(report: Report, label: (alarm: string) => string): string {
  const { load } = report;
  const rows: Row[] = [
    ['range', 'from', time(report.start_us)],
    ['range', 'to', time(report.end_us)],
    ['load', 'events', load.events],
    ['load', 'per 10 min and operator', report.per_period_and_operator],
    ['load', 'peak in 10 min', load.period_peak],
    ['load', 'periods above target %', load.above_target_percent],
    ['load', 'periods overloaded %', load.overloaded_percent],
    ['load', 'floods', load.floods],
    ['load', 'time in flood %', load.flood_percent],
    ['load', 'top ten %', report.top_percent],
    ['alarms', 'chattering', report.chattering],
    ['alarms', 'stale', report.stale],
    ['acknowledged', 'events', report.acknowledged],
    ['acknowledged', 'p50 s', report.acknowledged_p50_s],
    ['acknowledged', 'p90 s', report.acknowledged_p90_s],
    ['acknowledged', 'p95 s', report.acknowledged_p95_s],
    ['acknowledged', 'p99 s', report.acknowledged_p99_s],
    ...report.priorities.map(({ priority, events }): Row => ['priority', `${priority}`, events]),
    ...report.top.map(({ alarm, count }): Row => ['top', label(alarm), count]),
    ...report.most_chattering.map(({ alarm, count }): Row => ['chattering', label(alarm), count]),
    ...report.longest_stale.map(({ alarm, since_us }): Row => [
      'stale since',
      label(alarm),
      time(since_us),
    ]),
    ...load.newest_floods.map(({ start_us, events }): Row => ['flood', time(start_us), events]),
  ];
  const lines = rows.map((row) => row.map((one) => cell(String(one ?? ''))).join(','));
  return ['section,name,value', ...lines, ''].join('\r\n');
}
