import assert from 'node:assert/strict';
import test from 'node:test';
import { freshness, qualityName } from '../../src/lib/freshness.ts';
import { backoffMs, LiveLink, SILENCE_MS, type SocketLike } from '../../src/lib/live-link.ts';
import { LiveTable } from '../../src/lib/live-table.ts';

const batch = (
  i: number[],
  v: (number | boolean | string | null)[],
  q: Record<string, number> = {},
) => ({
  op: 'values' as const,
  t: 1,
  i,
  v,
  s: i.map(() => 1_000_000),
  q,
});

test('many batches between two frames tell a listener once, with the newest value', () => {
  const table = new LiveTable();
  const heard: unknown[] = [];
  table.listen(3, (index) => heard.push(table.value(index)));
  for (let n = 0; n < 50; n += 1) table.apply(batch([3, 4], [n, n]));
  assert.equal(table.flush(), 2);
  assert.deepEqual(heard, [49]);
  assert.equal(table.flush(), 0);
});

test('numbers, bools, texts, missing values and qualities keep their kind', () => {
  const table = new LiveTable();
  table.apply(batch([0, 1, 2, 5000], [1.5, true, 'idle', null], { '3': 0x8031_0000 }));
  assert.deepEqual(
    [0, 1, 2, 5000, 7].map((index) => table.value(index)),
    [1.5, true, 'idle', null, null],
  );
  assert.equal(table.quality(5000), 0x8031_0000);
  assert.equal(table.quality(0), 0);
  table.apply(batch([5000], [2]));
  assert.equal(table.quality(5000), 0);
  assert.ok(Number.isNaN(table.timeUs(9)));
});

test('a listener that stopped hears nothing', () => {
  const table = new LiveTable();
  let heard = 0;
  const stop = table.listen(1, () => (heard += 1));
  stop();
  table.apply(batch([1], [1]));
  table.flush();
  assert.equal(heard, 0);
});

/** A socket and a clock in the hand of the test. */
function setUp() {
  const sockets: (SocketLike & {
    sent: { op: string; id?: number; tags?: number[] }[];
    isClosed: boolean;
  })[] = [];
  const timers = new Map<number, { run: () => void; ms: number }>();
  const said: string[] = [];
  let next = 0;
  const link = new LiveLink(
    () => {
      const socket = {
        sent: [] as { op: string }[],
        isClosed: false,
        readyState: 1,
        onopen: null,
        onmessage: null,
        onclose: null,
        send(text: string) {
          this.sent.push(JSON.parse(text));
        },
        close() {
          this.isClosed = true;
        },
      };
      sockets.push(socket);
      return socket;
    },
    {
      up: () => said.push('up'),
      down: () => said.push('down'),
      refused: () => said.push('refused'),
      values: () => said.push('values'),
      status: () => said.push('status'),
      plant: (generation) => said.push(`plant ${generation}`),
      other: ({ op }) => said.push(op),
      clock: () => undefined,
    },
    {
      later: (run, ms) => {
        next += 1;
        timers.set(next, { run, ms });
        return next;
      },
      cancel: (timer) => timers.delete(timer as number),
    },
    () => 0,
  );
  const fire = (ms: number): void => {
    const [id, timer] = [...timers].find(([, one]) => one.ms === ms) ?? [];
    assert.ok(id !== undefined && timer, `a timer of ${ms} ms`);
    timers.delete(id);
    timer.run();
  };
  return { link, sockets, said, fire };
}

test('after a lost link every subscription is asked for again', () => {
  const { link, sockets, said, fire } = setUp();
  link.start();
  link.subscribe([1, 2]);
  const gone = link.subscribe([3]);
  sockets[0]?.onopen?.();
  assert.deepEqual(
    sockets[0]?.sent.map(({ op, tags }) => [op, tags]),
    [
      ['subscribe', [1, 2]],
      ['subscribe', [3]],
    ],
  );
  gone.end();
  sockets[0]?.onclose?.();
  fire(backoffMs(0, 0));
  sockets[1]?.onopen?.();
  assert.deepEqual(
    sockets[1]?.sent.map(({ tags }) => tags),
    [[1, 2]],
  );
  assert.deepEqual(said, ['up', 'down', 'up']);
});

test('what a part has asked for is asked again, until it ends that', () => {
  const { link, sockets, said, fire } = setUp();
  link.start();
  const end = link.ask({ op: 'alarms', on: true }, { op: 'alarms', on: false });
  sockets[0]?.onopen?.();
  sockets[0]?.onmessage?.({ data: '{"op":"alarm","entry":{}}' });
  sockets[0]?.onclose?.();
  fire(backoffMs(0, 0));
  sockets[1]?.onopen?.();
  end();
  const orders = sockets.map(({ sent }) => sent.map((order) => ({ ...order })));
  const on = { op: 'alarms', on: true };
  assert.deepEqual(orders, [[on], [on, { op: 'alarms', on: false }]]);
  sockets[1]?.onclose?.();
  fire(backoffMs(0, 0));
  sockets[2]?.onopen?.();
  assert.deepEqual(sockets[2]?.sent, []);
  assert.ok(said.includes('alarm'));
});

test('a link that ended with its session waits until it is started again', () => {
  const { link, sockets, said, fire } = setUp();
  link.start();
  link.subscribe([1]);
  sockets[0]?.onopen?.();
  sockets[0]?.onclose?.({ code: 4401 });
  assert.deepEqual(said, ['up', 'down', 'refused']);
  assert.throws(() => fire(backoffMs(0, 0)));
  link.start();
  sockets[1]?.onopen?.();
  assert.deepEqual(
    sockets[1]?.sent.map(({ tags }) => tags),
    [[1]],
  );
});

test('a link that cannot be opened asks whether the session is the reason, and goes on', () => {
  const { link, sockets, said, fire } = setUp();
  link.start();
  for (let tries = 0; tries < 3; tries += 1) {
    sockets[tries]?.onclose?.({ code: 1006 });
    fire(backoffMs(tries, 0));
  }
  assert.deepEqual(said, ['refused']);
  link.stop();
  assert.ok(sockets[3]?.isClosed);
  assert.throws(() => fire(backoffMs(3, 0)));
});

test('a silent link is dead: it is closed and tried again', () => {
  const { link, sockets, said, fire } = setUp();
  link.start();
  sockets[0]?.onopen?.();
  sockets[0]?.onmessage?.({ data: '{"op":"plant","generation":7}' });
  fire(SILENCE_MS);
  assert.ok(sockets[0]?.isClosed);
  sockets[0]?.onclose?.();
  fire(backoffMs(0, 0));
  assert.equal(sockets.length, 2);
  assert.deepEqual(said, ['up', 'plant 7', 'down']);
});

test('a changed subscription ends the old one', () => {
  const { link, sockets } = setUp();
  link.start();
  sockets[0]?.onopen?.();
  const subscription = link.subscribe([1]);
  subscription.update([2, 3]);
  subscription.update([]);
  assert.deepEqual(
    sockets[0]?.sent.map(({ op, id }) => [op, id]),
    [
      ['subscribe', 1],
      ['unsubscribe', 1],
      ['subscribe', 2],
      ['unsubscribe', 2],
    ],
  );
});

test('a hidden tab asks for one batch in five seconds', () => {
  const { link, sockets } = setUp();
  link.start();
  sockets[0]?.onopen?.();
  link.setHidden(true);
  link.setHidden(true);
  link.setHidden(false);
  assert.deepEqual(sockets[0]?.sent, [
    { op: 'interval', interval_ms: 5000 },
    { op: 'interval', interval_ms: 100 },
  ]);
});

test('waits double up to their limit', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 20].map((attempt) => backoffMs(attempt, 1)),
    [250, 500, 1000, 2000, 4000, 5000, 5000],
  );
  assert.equal(backoffMs(0, 0), 125);
});

test('a value is only as good as its age, its quality and the link', () => {
  const state = (ageMs: number, quality = 0, linkUp = true, periodMs = 1000) =>
    freshness({ ageMs, quality, linkUp, periodMs });
  assert.equal(state(500), 'good');
  assert.equal(state(5_100), 'late');
  assert.equal(state(10_100), 'stale');
  assert.equal(state(25_000, 0, true, 10_000), 'good');
  assert.equal(state(31_000, 0, true, 10_000), 'late');
  assert.equal(state(500, 0x4094_0000), 'uncertain');
  assert.equal(state(500, 0x8031_0000), 'bad');
  assert.equal(state(500, 0xc000_0000), 'bad');
  assert.equal(state(500, 0, false), 'stale');
  assert.equal(state(Number.NaN), 'none');
  assert.equal(state(500, 0x8032_0000), 'none');
  assert.equal(qualityName(0x4094_0400), 'UncertainEngineeringUnitsExceeded');
  assert.equal(qualityName(0xc000_0000), '0xC0000000');
});
