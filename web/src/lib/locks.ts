/** One tab at a time, also where the browser has no locks because the page came without TLS. */
import { recall, remember } from './prefs.svelte.ts';

/** A tab that was closed in the middle holds nothing for longer than this. */
const LEASE_MS = 10_000;
const SETTLE_MS = 40;

const wait = (ms: number): Promise<void> => new Promise((done) => window.setTimeout(done, ms));

/** Runs `work` while no other tab of this browser runs what has the same name. */
export async function holding<T>(name: string, work: () => Promise<T>): Promise<T> {
  if ('locks' in navigator) return navigator.locks.request(name, work) as Promise<T>;
  const key = `lock ${name}`;
  const mine = `${Math.random().toString(36).slice(2)}`;
  await lease(key, mine);
  try {
    return await work();
  } finally {
    if (holder(key) === mine) remember(key, '');
  }
}

/** Returns who holds the lease at present. */
function holder(key: string): string {
  const [name = '', until = '0'] = (recall(key) ?? '').split(' ');
  return Date.now() < Number(until) ? name : '';
}

async function lease(key: string, mine: string): Promise<void> {
  for (let tries = 0; tries < LEASE_MS / SETTLE_MS; tries += 1) {
    if (holder(key) === '') {
      remember(key, `${mine} ${Date.now() + LEASE_MS}`);
      // Another tab may have written at the same moment; who wrote last has it.
      await wait(SETTLE_MS);
      if (holder(key) === mine || recall(key) === null) return;
    }
    await wait(SETTLE_MS + Math.random() * SETTLE_MS);
  }
}
