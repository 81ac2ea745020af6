/** Live data of this tab: values, state of the link, server clock, states of connections. */
import { LiveLink, type SocketLike, type StatusMessage } from './live-link.ts';
import { LiveTable } from './live-table.ts';
import { freshness, type Freshness } from './freshness.ts';
import { BASE } from './router.svelte.ts';

export type LinkState = 'connecting' | 'live' | 'reconnecting' | 'lost';

/** A shorter break is only said in the header. */
const LOST_MS = 2_500;

const table = new LiveTable();
const tickers = new Set<() => void>();
const hearers = new Set<(message: { op: string }) => void>();

let up = $state(false);
let everUp = $state(false);
let reconnects = $state(0);
let downSinceMs = $state(0);
let nowMs = $state(Date.now());
let offsetMs = 0;
let skewMs = $state(0);
let generation = $state(0);
let states = $state.raw<Record<string, string>>({});
let frame = 0;

function flush(): void {
  frame = 0;
  table.flush();
}

/** In a hidden tab no frames are drawn; values wait for the next look. */
function schedule(): void {
  if (frame === 0) frame = requestAnimationFrame(flush);
}

function takeStatus({ connections = [], devices = [] }: StatusMessage): void {
  const next = { ...states };
  for (const { id, state } of [...connections, ...devices]) next[id] = state;
  states = next;
}

let refused = (): void => undefined;
let isStarted = false;

const link = new LiveLink(
  () => {
    const url = new URL(`${BASE}ws`, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return new WebSocket(url) as unknown as SocketLike;
  },
  {
    up() {
      if (everUp) reconnects += 1;
      up = true;
      everUp = true;
      generation += 1;
      tick();
    },
    down() {
      up = false;
      downSinceMs = Date.now();
      tick();
    },
    refused: () => refused(),
    values(batch) {
      if (table.apply(batch)) schedule();
    },
    status: takeStatus,
    plant() {
      generation += 1;
    },
    other(message) {
      for (const hear of hearers) hear(message);
    },
    clock(serverUs) {
      const measured = serverUs / 1000 - Date.now();
      offsetMs =
        Math.abs(measured - offsetMs) < 250 ? offsetMs + (measured - offsetMs) * 0.1 : measured;
      if (1000 < Math.abs(offsetMs - skewMs)) skewMs = offsetMs;
    },
  },
  {
    later: (run, ms) => window.setTimeout(run, ms),
    cancel: (timer) => window.clearTimeout(timer as number),
  },
);

function tick(): void {
  nowMs = Date.now();
  for (const run of tickers) run();
}

/** Starts the link, or starts it again after `stopLive`. */
export function startLive(): void {
  if (!up) downSinceMs = Date.now();
  link.stop();
  link.start();
  if (isStarted) return;
  isStarted = true;
  window.setInterval(tick, 1000);
  document.addEventListener('visibilitychange', () => link.setHidden(document.hidden));
  window.addEventListener('online', () => link.hurry());
}

export function stopLive(): void {
  link.stop();
}

/** Calls `run` when the link may have ended because nobody is signed in any more. */
export function onRefused(run: () => void): void {
  refused = run;
}

export const live = {
  table,
  get state(): LinkState {
    if (up) return 'live';
    if (nowMs - downSinceMs < LOST_MS) return everUp ? 'reconnecting' : 'connecting';
    return 'lost';
  },
  get downSinceMs(): number {
    return downSinceMs;
  },
  get isUp(): boolean {
    return up;
  },
  /** Counts returns of a lost link: history has a hole to be read again. */
  get reconnects(): number {
    return reconnects;
  },
  /** Browser time, renewed each second. */
  get nowMs(): number {
    return nowMs;
  },
  /** Server time minus browser time in milliseconds. */
  get skewMs(): number {
    return skewMs;
  },
  /** Counts changes of the plant and reconnects: lists read again when it changes. */
  get generation(): number {
    return generation;
  },
  /** The newest state of a connection or device, when it changed since the page opened. */
  stateOf(id: string): string | undefined {
    return states[id];
  },
  serverNowMs(): number {
    return Date.now() + offsetMs;
  },
  subscribe: (tags: readonly number[]) => link.subscribe(tags),
  /** Asks for messages of another kind, also after a lost link; returns how to end that. */
  ask: (order: object, end: object) => link.ask(order, end),
  /** Calls `hear` with the messages that were asked for; returns how to stop. */
  onMessage(hear: (message: { op: string }) => void): () => void {
    hearers.add(hear);
    return () => hearers.delete(hear);
  },
  /** Calls `run` each second and when the link comes or goes; returns how to stop. */
  onTick(run: () => void): () => void {
    tickers.add(run);
    return () => tickers.delete(run);
  },
  /** Returns what may be claimed of a tag's value now. */
  freshness(index: number, periodMs: number): Freshness {
    const ageMs = this.serverNowMs() - table.timeUs(index) / 1000;
    return freshness({ quality: table.quality(index), ageMs, periodMs, linkUp: up });
  },
};
