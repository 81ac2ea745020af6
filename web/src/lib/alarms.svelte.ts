/** How the alarms stand, as the frame and the page of alarms show it: one watch for a tab. */
import { api } from './api.ts';
import type { AlarmSummary, Entry } from './api.gen.ts';
import { live } from './live.svelte.ts';

/** Summaries are asked for no more often than this, however many alarms come. */
const REST_MS = 500;

let summary = $state.raw<AlarmSummary | null>(null);
let changes = $state(0);
let timer = 0;
let isAsking = false;
let isStale = false;
let watchers = 0;
let stop: (() => void) | null = null;

async function ask(): Promise<void> {
  isAsking = true;
  isStale = false;
  try {
    summary = await api.get<AlarmSummary>('alarms/summary');
    changes += 1;
  } catch {
    // The band of the lost link says it; the next message or link asks again.
  }
  timer = window.setTimeout(() => {
    isAsking = false;
    if (isStale) void ask();
  }, REST_MS);
}

/** Asks again, at once or when the rest after the last time is over. */
function renew(): void {
  if (isAsking) isStale = true;
  else void ask();
}

type Message = { op: string; summary?: AlarmSummary; entry?: Entry };

function hear(message: Message): void {
  if (message.op === 'alarms' && message.summary) {
    summary = message.summary;
    changes += 1;
  } else if (message.op === 'alarm') renew();
}

function start(): () => void {
  const ends = [
    live.onMessage(hear),
    live.ask({ op: 'alarms', on: true }, { op: 'alarms', on: false }),
  ];
  renew();
  return () => {
    for (const end of ends) end();
    window.clearTimeout(timer);
    isAsking = false;
  };
}

export const alarms = {
  /** Counts by priority and the alarm to look at first; nothing before the first answer. */
  get summary(): AlarmSummary | null {
    return summary;
  },
  /** Counts news: lists that read it are read again. */
  get changes(): number {
    return changes;
  },
  renew,
  /** Follows the alarms while somebody watches; returns how to stop. */
  watch(): () => void {
    watchers += 1;
    stop ??= start();
    return () => {
      watchers -= 1;
      if (watchers !== 0) return;
      stop?.();
      stop = null;
    };
  },
};
