/**
 * Who is signed in. The tokens are in cookies that no script can read; what is kept here and in
 * the browser's store is only when they were renewed and when they end.
 */
import { api, ApiError, callOnce, onSignedOut } from './api.ts';
import type { Me, SetupState, SignedIn } from './api.gen.ts';
import { live, onRefused, startLive, stopLive } from './live.svelte.ts';
import { holding } from './locks.ts';
import { recall, remember } from './prefs.svelte.ts';
import { BASE } from './router.svelte.ts';

export type Permission = 'view' | 'operate' | 'configure' | 'administer' | 'own';
/** `lost` is a session that ended while its page was open. */
export type Phase = 'starting' | 'setup' | 'out' | 'in' | 'lost';

/** So long before its end a session is renewed. */
const EARLY_MS = 120_000;
const LOOK_MS = 20_000;
const RENEWED = `renewed ${BASE}`;
const UNTIL = `until ${BASE}`;

let me = $state.raw<Me | null>(null);
let phase = $state<Phase>('starting');
let failed = $state.raw<unknown>(null);
let setupToken = $state('');
let isFirst = $state(false);
let recovery: Promise<void> | null = null;
let waiting: { resume: () => void; refuse: (error: unknown) => void }[] = [];
/** What a browser that keeps nothing would have kept. */
const kept = new Map<string, number>();

const read = (key: string): number => Number(recall(key)) || kept.get(key) || 0;

function keep(key: string, value: number): void {
  kept.set(key, value);
  remember(key, String(value));
}

export const session = {
  get me(): Me | null {
    return me;
  },
  get phase(): Phase {
    return phase;
  },
  /** Why the first question to the server failed. */
  get failed(): unknown {
    return failed;
  },
  /** The token of the address, when the page was opened to set the hub up. */
  get setupToken(): string {
    return setupToken;
  },
  /** Whether the hub was set up just now, and the first steps are still to be taken. */
  get isFirst(): boolean {
    return isFirst;
  },
  set isFirst(value: boolean) {
    isFirst = value;
  },
  /** Whether this is a screen on the wall, which shows and does nothing else. */
  get isKiosk(): boolean {
    return me?.via === 'token';
  },
  /** Whether the reader sees a part of the tags only, and of other things what is of them. */
  get isNarrowed(): boolean {
    return me?.is_narrowed ?? false;
  },
  may(permission: Permission): boolean {
    return me?.permissions.includes(permission) ?? false;
  },
  /** Takes over a session that a form has opened. */
  enter,
  /** Reads again who is signed in, after a change of the account. */
  async look(): Promise<void> {
    take(await api.get<Me>('session'));
  },
  async signOut(): Promise<void> {
    try {
      await callOnce('DELETE', 'session');
    } catch (error) {
      // A session that has ended already is what was wanted.
      if (!(error instanceof ApiError && error.isSignedOut)) throw error;
    }
    me = null;
    phase = 'out';
    stopLive();
  },
  start,
};

/** Finds out who is signed in, and stays on it. */
async function start(): Promise<void> {
  onSignedOut(recover);
  onRefused(doubt);
  window.addEventListener('storage', ({ key }) => key?.endsWith(RENEWED) && join());
  window.setInterval(renewEarly, LOOK_MS);
  await find();
}

async function find(): Promise<void> {
  failed = null;
  const [kind, token] = takeHash();
  try {
    if (kind === 'kiosk') take(await callOnce<Me>('POST', 'session/kiosk', { body: { token } }));
    else if (kind === 'setup') await askForSetup(token);
    else take(await whoever());
  } catch (error) {
    if (error instanceof ApiError && error.isSignedOut) await askForSetup('');
    else {
      failed = error;
      phase = kind === 'kiosk' ? 'out' : phase;
    }
  }
}

/** Takes a token out of the address, where the history would keep it. */
function takeHash(): [string, string] {
  const [, kind = '', token = ''] = /^#(setup|kiosk)=(.+)$/.exec(window.location.hash) ?? [];
  if (kind) {
    const { pathname, search } = window.location;
    window.history.replaceState(null, '', pathname + search);
  }
  return [kind, decodeURIComponent(token)];
}

async function whoever(): Promise<Me> {
  const sinceMs = Date.now();
  try {
    return await callOnce<Me>('GET', 'session');
  } catch (error) {
    if (!(error instanceof ApiError && error.isSignedOut) || !(await renew(sinceMs))) throw error;
    return callOnce<Me>('GET', 'session');
  }
}

async function askForSetup(token: string): Promise<void> {
  try {
    const { needed } = await callOnce<SetupState>('GET', 'setup');
    setupToken = token;
    phase = needed ? 'setup' : 'out';
  } catch (error) {
    failed = error;
  }
}

function enter({ me: next, access_until_us }: SignedIn): void {
  keep(UNTIL, access_until_us);
  keep(RENEWED, Date.now());
  take(next);
}

function take(next: Me): void {
  const isOther = me !== null && me.id !== next.id;
  me = next;
  phase = 'in';
  failed = null;
  if (!next.must_change_password && !live.isUp) startLive();
  if (next.must_change_password) return;
  const ended = new ApiError(401, 'not_signed_in', 'somebody else is signed in now');
  // What one person asked for is not done in the name of another.
  for (const { resume, refuse } of waiting) isOther ? refuse(ended) : resume();
  waiting = [];
}

/** Renews the session, unless that was done since `sinceMs`, here or in another tab. */
function renew(sinceMs: number): Promise<boolean> {
  return holding(`headworks refresh ${BASE}`, async () => {
    if (sinceMs < read(RENEWED)) return true;
    try {
      enter(await callOnce<SignedIn>('POST', 'session/refresh'));
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.isSignedOut) return false;
      throw error;
    }
  });
}

/** Brings back a session that has ended; all calls wait for the same answer. */
function recover(sinceMs: number): Promise<void> {
  recovery ??= bringBack(sinceMs).finally(() => (recovery = null));
  return recovery;
}

async function bringBack(sinceMs: number): Promise<void> {
  if (!session.isKiosk && (await renew(sinceMs))) return;
  if (phase === 'out' || phase === 'setup') {
    throw new ApiError(401, 'not_signed_in', 'nobody is signed in');
  }
  stopLive();
  if (session.isKiosk) {
    me = null;
    phase = 'out';
    failed = new ApiError(401, 'sign_in_failed', 'the token of the wall screen has ended');
    throw failed;
  }
  phase = 'lost';
  await new Promise<void>((resume, refuse) => waiting.push({ resume, refuse }));
}

/** The link was refused: asks whether the session is the reason, and goes on when it is back. */
async function doubt(): Promise<void> {
  try {
    await api.get<Me>('session');
    if (phase === 'in' && !live.isUp) startLive();
  } catch {
    // Without an answer the link is tried again by itself.
  }
}

/** Somebody signed in in another tab. */
async function join(): Promise<void> {
  if (phase !== 'out' && phase !== 'lost') return;
  try {
    take(await callOnce<Me>('GET', 'session'));
  } catch {
    // This tab keeps asking for the password.
  }
}

function renewEarly(): void {
  const untilUs = read(UNTIL);
  if (phase !== 'in' || session.isKiosk || untilUs === 0) return;
  if (untilUs / 1000 - live.serverNowMs() < EARLY_MS) {
    // What fails here is said by the next call.
    void renew(Date.now()).catch(() => undefined);
  }
}
