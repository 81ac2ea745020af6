/** The sentences of the hub about checks that are fine, and the words for them. */
import type { Key } from './i18n.keys.gen.ts';

const LINKS = new RegExp(
  '^(?<running>\\d+) of (?<enabled>\\d+) running, (?<starting>\\d+) starting, ' +
    '(?<degraded>\\d+) degraded, (?<error>\\d+) in error$',
);

/**
 * What checks that are fine say, by the server's sentence: it carries figures, and is not the only
 * one that a check which is fine may give.
 */
export const FINE: [check: string, says: RegExp, key: Key][] = [
  ['connections', LINKS, 'health.says.connections'],
  ['history', /^(?<n>\d+) samples stored since the start$/, 'health.says.history'],
  ['storage', /^the disk is less than 80 % full$/, 'health.says.storage.ok'],
  ['storage', /^the disk is 80 % full or more$/, 'health.says.storage.warning'],
  [
    'database',
    /^the database answers, (?<n>\d+) samples wait for it$/,
    'health.says.database',
  ],
  ['alarms', /^every transition is stored$/, 'health.says.alarms'],
  ['alarms', /^stored at present; (?<n>\d+) were lost since the start$/, 'health.says.lost'],
  ['audit', /^every entry is stored$/, 'health.says.audit'],
  ['audit', /^stored at present; (?<n>\d+) were lost since the start$/, 'health.says.lost'],
  ['telemetry', /^log lines and errors are kept$/, 'health.says.telemetry'],
  [
    'telemetry',
    /^kept at present; (?<n>\d+) were dropped since the start$/,
    'health.says.dropped',
  ],
  [
    'configuration',
    /^in the data directory; edits are taken$/,
    'health.says.configuration.local',
  ],
  ['configuration', /^in the database; edits are taken$/, 'health.says.configuration.database'],
];
