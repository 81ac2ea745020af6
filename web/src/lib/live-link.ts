/** The one WebSocket of a tab: subscriptions that survive a lost link. */
import type { ValuesMessage } from './live-table.ts';

export interface SocketLike {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event?: { code: number }) => void) | null;
}

const CONNECTING = 0;
const OPEN = 1;

export interface LinkEvents {
  up(): void;
  down(): void;
  /** The server ended the link because nobody is signed in any more, or refused it. */
  refused(): void;
  values(batch: ValuesMessage): void;
  status(message: StatusMessage): void;
  plant(generation: number): void;
  /** A message that a part of the page has asked for with `ask`. */
  other(message: { op: string }): void;
  /** Server time in microseconds, as it was when the message arrived. */
  clock(serverUs: number): void;
}

export interface StatusMessage {
  connections: { id: string; state: string; last_error?: string | null }[];
  devices: { id: string; state: string }[];
}

export interface Timers {
  later(run: () => void, ms: number): unknown;
  cancel(timer: unknown): void;
}

/** Without a message for so long the link is taken for dead. */
export const SILENCE_MS = 12_000;
/** Close code of a link whose session has ended. */
const SIGNED_OUT = 4401;
/** After so many tries without a link it is asked whether the session is the reason. */
const DOUBT = 4;
const PING_MS = 4_000;
const BACKOFF_MS_FIRST = 250;
const BACKOFF_MS_MAX = 5_000;
const INTERVAL_MS = 100;
const INTERVAL_MS_HIDDEN = 5_000;

/** Returns the wait before a try, with jitter so that many tabs do not come at once. */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_FIRST * 2 ** attempt);
  return full / 2 + (full / 2) * random;
}

interface Subscription {
  id: number;
  tags: readonly number[];
}

export class LiveLink {
  private socket: SocketLike | null = null;
  private open = false;
  private attempt = 0;
  private nextId = 1;
  private hidden = false;
  private silence: unknown = null;
  private pings: unknown = null;
  private subscriptions = new Set<Subscription>();
  private asked = new Set<object>();

  constructor(
    private readonly connect: () => SocketLike,
    private readonly events: LinkEvents,
    private readonly timers: Timers,
    private readonly random: () => number = Math.random,
  ) {}

  start(): void {
    const socket = this.connect();
    this.socket = socket;
    socket.onopen = () => this.opened();
    socket.onmessage = (event) => {
      this.heard();
      if (typeof event.data === 'string') this.receive(event.data);
    };
    socket.onclose = (event) => this.closed(socket, event?.code);
    this.heard();
  }

  /** Ends the link until the next start. */
  stop(): void {
    const socket = this.socket;
    this.cancelRetry();
    if (!socket) return;
    this.drop();
    // A browser complains of a socket that is closed before it is open.
    if (socket.readyState === CONNECTING) socket.onopen = () => socket.close();
    else socket.close();
  }

  /** Asks for tags; the returned handle changes or ends that. */
  subscribe(tags: readonly number[]): { update(tags: readonly number[]): void; end(): void } {
    const subscription: Subscription = { id: 0, tags };
    this.subscriptions.add(subscription);
    this.request(subscription);
    return {
      update: (next) => {
        this.withdraw(subscription);
        subscription.tags = next;
        this.request(subscription);
      },
      end: () => {
        this.withdraw(subscription);
        this.subscriptions.delete(subscription);
      },
    };
  }

  /** Sends an order now and after every return of the link, until `end` is sent instead. */
  ask(order: object, end: object): () => void {
    this.asked.add(order);
    this.send(order);
    return () => {
      this.asked.delete(order);
      this.send(end);
    };
  }

  /** A hidden tab asks for one batch in five seconds. */
  setHidden(hidden: boolean): void {
    if (hidden === this.hidden) return;
    this.hidden = hidden;
    this.send({ op: 'interval', interval_ms: this.intervalMs() });
  }

  /** Tries now instead of after the wait, e.g. when the network came back. */
  hurry(): void {
    if (!this.open && this.retry !== null) {
      this.cancelRetry();
      this.start();
    }
  }

  private cancelRetry(): void {
    this.timers.cancel(this.retry);
    this.retry = null;
  }

  private retry: unknown = null;

  private intervalMs(): number {
    return this.hidden ? INTERVAL_MS_HIDDEN : INTERVAL_MS;
  }

  private opened(): void {
    this.open = true;
    this.attempt = 0;
    for (const subscription of this.subscriptions) this.request(subscription);
    for (const order of this.asked) this.send(order);
    this.ping();
    this.events.up();
  }

  private drop(): void {
    this.socket = null;
    this.timers.cancel(this.silence);
    this.timers.cancel(this.pings);
    if (this.open) this.events.down();
    this.open = false;
  }

  private closed(socket: SocketLike, code?: number): void {
    if (socket !== this.socket) return;
    // Browsers do not tell that a link was refused because nobody is signed in.
    const isDoubtful = !this.open && this.attempt % DOUBT === 1;
    this.drop();
    if (code === SIGNED_OUT || isDoubtful) this.events.refused();
    if (code === SIGNED_OUT) return;
    const wait = backoffMs(this.attempt, this.random());
    this.attempt += 1;
    this.retry = this.timers.later(() => {
      this.retry = null;
      this.start();
    }, wait);
  }

  /** Restarts the watch over a link that says nothing any more. */
  private heard(): void {
    this.timers.cancel(this.silence);
    this.silence = this.timers.later(() => {
      const dead = this.socket;
      if (!dead) return;
      this.closed(dead);
      dead.close();
    }, SILENCE_MS);
  }

  private ping(): void {
    this.pings = this.timers.later(() => {
      this.send({ op: 'ping' });
      this.ping();
    }, PING_MS);
  }

  private request(subscription: Subscription): void {
    if (!this.open || subscription.tags.length === 0) return;
    subscription.id = this.nextId;
    this.nextId += 1;
    const { id, tags } = subscription;
    this.send({ op: 'subscribe', id, tags, interval_ms: this.intervalMs() });
  }

  private withdraw(subscription: Subscription): void {
    if (subscription.id !== 0) this.send({ op: 'unsubscribe', id: subscription.id });
    subscription.id = 0;
  }

  private send(message: object): void {
    // The other side may have begun to close, which its event tells later.
    if (this.open && this.socket?.readyState === OPEN) this.socket.send(JSON.stringify(message));
  }

  private receive(text: string): void {
    const message = JSON.parse(text) as { op: string; t?: number };
    if (typeof message.t === 'number') this.events.clock(message.t);
    if (message.op === 'values') this.events.values(message as ValuesMessage);
    else if (message.op === 'status') this.events.status(message as unknown as StatusMessage);
    else if (message.op === 'plant')
      this.events.plant((message as { generation?: number }).generation ?? 0);
    else if (message.op === 'ping') this.send({ op: 'ping' });
    else this.events.other(message);
  }
}
