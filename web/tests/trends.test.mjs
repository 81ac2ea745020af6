// Trends: many tags in one question, spikes and gaps that stay, and statistics of the range.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { boxOf, launch, open, problemsOf, Server } from './helpers.mjs';

const SUPPLY = 'demo/heating/boiler/supply_setpoint';
const LEVEL = 'demo/water/tank/level';
const server = new Server();
let browser;
let ids;

/** Five minutes of a sample per second, two hours ago: a spike, and a minute of nothing. */
const START_US = (Math.floor(Date.now() / 1000) - 7200) * 1_000_000;
const SPAN_MS = 300_000;
const SPIKE = 137;
const GAP = { from: 200, to: 260 };
const BAD = { from: 20, to: 40 };

before(async () => {
  await server.start();
  browser = await launch();
  ids = [(await server.tag(SUPPLY)).id, (await server.tag(LEVEL)).id];
  const lines = Array.from({ length: 300 }, (_, second) => second)
    .filter((second) => second < GAP.from || GAP.to <= second)
    .map((second) => {
      const sample = { tag: SUPPLY, time_us: START_US + second * 1_000_000, value: 50 };
      if (second === SPIKE) return JSON.stringify({ ...sample, value: 95 });
      const isBad = BAD.from <= second && second < BAD.to;
      return JSON.stringify(isBad ? { ...sample, quality: 0x8000_0000 } : sample);
    });
  // A day earlier it was ten degrees cooler.
  for (let second = 0; second < 300; second += 1)
    lines.push(
      JSON.stringify({
        tag: SUPPLY,
        time_us: START_US - 86_400_000_000 + second * 1_000_000,
        value: 40,
      }),
    );
  const answer = await fetch(`${server.url}/api/v1/history/import`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-ndjson',
      authorization: `Bearer ${server.token}`,
    },
    body: lines.join('\n'),
  });
  assert.ok(answer.ok, await answer.text());
});

after(async () => {
  await browser?.close();
  await server.end();
});

const address = (query) =>
  `/trends?tags=${ids.join()}&span=${SPAN_MS}&end=${START_US / 1000 + SPAN_MS}${query}`;

/** Runs a test on a fresh page, and demands that nothing was wrong behind the scenes. */
function onPage(name, query, run, options = {}) {
  test(name, async () => {
    const session = await open(browser, server, '/trends', options);
    const asked = [];
    session.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    try {
      await session.page.goto(server.url + address(query));
      await run(session.page, asked);
      assert.deepEqual(await problemsOf(session), []);
    } finally {
      await session.close();
    }
  });
}

/** Moves the mouse to an instant of the chart, in seconds after the start. */
async function hover(page, second) {
  const box = await boxOf(page.locator('.u-over'));
  const x = box.x + (box.width * second * 1000) / SPAN_MS;
  await page.mouse.move(x, box.y + box.height / 2);
  return { x, y: box.y + box.height / 2 };
}

const query = (page, name) => new URL(page.url()).searchParams.get(name);
const drawn = (page) => page.locator('[role="application"][aria-label*="lowest"]').waitFor();
const cell = (page, row, column) =>
  page
    .getByRole('region', { name: /Values at the cursor/ })
    .locator('tbody tr')
    .nth(row)
    .locator('td')
    .nth(column);

onPage('all tags come in one question, with the spike', '&overview=off', async (page, asked) => {
  const chart = page.locator('[role="application"][aria-label*="lowest"]');
  await chart.waitFor();
  assert.match(await chart.getAttribute('aria-label'), /supply_setpoint.*lowest 50.*highest 95/);
  assert.deepEqual(
    asked.filter((path) => /history|trend-data/.test(path)),
    ['/api/v1/history/chart'],
  );
});

test('no more points come than two for each pixel of the width', async () => {
  const session = await open(browser, server, '/trends');
  try {
    const answers = [];
    session.page.on('response', (response) => {
      if (response.url().includes('/history/chart')) answers.push(response.json());
    });
    const month = `span=2592000000&end=${START_US / 1000 + SPAN_MS}`;
    await session.page.goto(`${server.url}/trends?tags=${ids[0]}&${month}&overview=off`);
    await drawn(session.page);
    const width = await session.page.locator('.u-over').evaluate((node) => node.clientWidth);
    const [{ tags }] = await Promise.all(answers);
    assert.ok(0 < tags[0].times_us.length && tags[0].times_us.length <= 2 * width + 16);
  } finally {
    await session.close();
  }
});

onPage('bad samples and gaps are told, at the cursor and beside the chart', '', async (page) => {
  await drawn(page);
  await page.getByText('bad samples, a row for each tag').waitFor();
  await page.getByText('no data', { exact: true }).waitFor();
  const values = page.locator('.pens .cursor');
  await hover(page, 100);
  await page.waitForFunction(() => /^50/.test(document.querySelector('.pens .cursor')?.innerText));
  await hover(page, 30);
  await values.getByText('bad samples').first().waitFor();
  await hover(page, 230);
  await values.getByText('no value').first().waitFor();
});

onPage('a day earlier is dashed, and the difference is told', '', async (page) => {
  await drawn(page);
  await page.getByLabel('Compare with').selectOption({ label: '1 d earlier' });
  await page.waitForFunction(() => /compare=86400000/.test(location.search));
  await page.locator('.foot').getByText('1 d earlier').waitFor();
  await hover(page, 100);
  await cell(page, 0, 2).getByText('+10.0 °C').waitFor();
  assert.match(await cell(page, 0, 1).innerText(), /^40\.0/);
  // The address is the view.
  await page.reload();
  await drawn(page);
  await hover(page, 100);
  await cell(page, 0, 2).getByText('+10.0 °C').waitFor();
});

onPage('the second mark is set by the mouse and gives differences', '', async (page) => {
  await drawn(page);
  await hover(page, 137.5);
  const before = await page.locator('.pens .cursor').first().innerText();
  assert.match(before, /95/);
  await page.keyboard.press('Tab');
  await page.getByRole('application').focus();
  await page.keyboard.press('m');
  await page.waitForFunction(() => /mark=\d+/.test(location.search));
  await hover(page, 100);
  await cell(page, 0, 2).getByText(/^−45/).waitFor();
  await page.locator('.delta').getByText(/^−37|^−38/).waitFor();
  await page.getByRole('button', { name: 'Mark' }).click();
  assert.equal(query(page, 'mark'), null);
});

onPage('by keyboard: cursor, mark, window, zoom, and what is said', '', async (page) => {
  await drawn(page);
  const chart = page.getByRole('application');
  await chart.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  const said = page.locator('[aria-live="polite"].visually-hidden');
  await said.getByText(/supply_setpoint 50/).waitFor({ state: 'attached' });
  await page.keyboard.press('m');
  assert.ok(Math.abs(Number(query(page, 'mark')) - START_US / 1000) < 5000);
  const end = query(page, 'end');
  await page.keyboard.press('Shift+ArrowLeft');
  assert.ok(Number(query(page, 'end')) < Number(end));
  await page.keyboard.press('PageDown');
  assert.ok(Number(end) < Number(query(page, 'end')));
  await page.keyboard.press('+');
  assert.equal(Number(query(page, 'span')), SPAN_MS / 2);
  await page.keyboard.press('-');
  assert.equal(Number(query(page, 'span')), SPAN_MS);
  await page.keyboard.press('Escape');
  assert.equal(query(page, 'mark'), null);
});

onPage('the wheel scrolls the page, with Ctrl it zooms about the pointer', '', async (page) => {
  await drawn(page);
  const span = query(page, 'span');
  await hover(page, 30);
  await page.mouse.wheel(0, 200);
  await page.waitForTimeout(200);
  assert.equal(query(page, 'span'), span);
  await page.evaluate(() => window.scrollTo(0, 0));
  await hover(page, 30);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -200);
  await page.keyboard.up('Control');
  await page.waitForFunction(
    (old) => Number(new URLSearchParams(location.search).get('span')) < old,
    SPAN_MS,
  );
  const startMs = Number(query(page, 'end')) - Number(query(page, 'span'));
  const share = (START_US / 1000 + 30_000 - startMs) / Number(query(page, 'span'));
  assert.ok(Math.abs(share - 0.1) < 0.01, String(share));
});

onPage('Shift and drag moves the window, a drag zooms into it', '', async (page) => {
  await drawn(page);
  const end = Number(query(page, 'end'));
  const { x, y } = await hover(page, 150);
  const box = await boxOf(page.locator('.u-over'));
  await page.keyboard.down('Shift');
  await page.mouse.down();
  await page.mouse.move(x + box.width / 10, y, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.up('Shift');
  await page.waitForFunction((old) => !location.search.includes(`end=${old}`), end);
  assert.ok(Math.abs(end - 30_000 - Number(query(page, 'end'))) < 1500);
  await hover(page, 60);
  await page.mouse.down();
  await page.mouse.move(x, y, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(
    (old) => Number(new URLSearchParams(location.search).get('span')) < old / 2,
    SPAN_MS,
  );
});

onPage(
  'two fingers zoom and one moves',
  '',
  async (page) => {
    await drawn(page);
    const end = Number(query(page, 'end'));
    const fingers = (type, ...places) =>
      page.locator('.u-over').evaluate(
        (over, [kind, shares]) => {
          const { left, top, width } = over.getBoundingClientRect();
          shares.forEach(([id, share]) =>
            over.dispatchEvent(
              new PointerEvent(kind, {
                pointerId: id,
                pointerType: 'touch',
                clientX: left + share * width,
                clientY: top + 20,
                bubbles: true,
              }),
            ),
          );
        },
        [type, places],
      );
    await fingers('pointerdown', [1, 0.4], [2, 0.6]);
    await fingers('pointermove', [1, 0.2], [2, 0.8]);
    await fingers('pointerup', [1, 0.2], [2, 0.8]);
    await page.waitForFunction(
      (old) => Number(new URLSearchParams(location.search).get('span')) < old / 2,
      SPAN_MS,
    );
    assert.ok(Math.abs(Number(query(page, 'span')) - SPAN_MS / 3) < 2);
    assert.ok(Math.abs(Number(query(page, 'end')) - (end - SPAN_MS / 3)) < 2);
    const zoomed = Number(query(page, 'end'));
    // A plot that is made anew while a finger moves loses the finger, as it should.
    for (let tries = 0; Number(query(page, 'end')) === zoomed && tries < 5; tries += 1) {
      await fingers('pointerdown', [3, 0.5]);
      await fingers('pointermove', [3, 0.7]);
      await fingers('pointerup', [3, 0.7]);
      await page.waitForTimeout(500);
    }
    assert.ok(Number(query(page, 'end')) < zoomed);
  },
  { width: 390, touch: true },
);

onPage('the strip of the whole moves the window by mouse and by keys', '', async (page) => {
  await drawn(page);
  const brush = page.getByRole('slider', { name: 'Shown range', exact: true });
  await brush.waitFor();
  await page.getByLabel('Length of the whole range').selectOption({ label: '1 hour' });
  await page.waitForFunction(() => /whole=3600000/.test(location.search));
  const end = Number(query(page, 'end'));
  const box = await boxOf(brush);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 - 60, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction((old) => !location.search.includes(`end=${old}`), end);
  assert.ok(Number(query(page, 'end')) < end);
  assert.ok(Math.abs(Number(query(page, 'span')) - SPAN_MS) < 2);
  const left = page.getByRole('slider', { name: 'Start of the shown range' });
  await left.focus();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(
    (old) => Number(new URLSearchParams(location.search).get('span')) < old - 1000,
    SPAN_MS,
  );
  const moved = Number(query(page, 'end'));
  await brush.focus();
  await page.keyboard.press('ArrowLeft');
  await page.waitForFunction((old) => !location.search.includes(`end=${old}`), moved);
  assert.ok(Number(query(page, 'end')) < moved);
});

test('an alarm of a shown tag is a flag, a limit and a line of words', async () => {
  const tag = await server.tag(LEVEL);
  const rule = await server.call('POST', 'alarm-rules', {
    name: 'Too full',
    tag: tag.id,
    condition: { kind: 'high', limit: -1 },
    priority: 1,
  });
  const session = await open(browser, server, `/trends?tags=${tag.id}&span=300000`);
  const { page } = session;
  try {
    const flag = page.locator('.flags').getByRole('link');
    await flag.waitFor();
    assert.match(await flag.getAttribute('title'), /water\/tank\/level/);
    await page.getByText('1 alarm in this range').click();
    await page.getByText('still active').waitFor();
    await page.getByLabel('Alarms and writes').uncheck();
    await flag.waitFor({ state: 'detached' });
    assert.equal(query(page, 'alarms'), 'off');
    await page.getByLabel('Alarms and writes').check();
    await flag.waitFor();
    // It stood already when this window began: its flag is at the start of it.
    await page.waitForTimeout(1500);
    await page.goto(`${server.url}/trends?tags=${tag.id}&span=1000`);
    await flag.waitFor();
    await page.getByText('1 alarm in this range').waitFor();
    await page.waitForFunction(() => {
      const [mark, plot] = ['.flags a', '.u-over'].map((place) => document.querySelector(place));
      if (!mark || !plot) return false;
      const [{ x }, { x: start }] = [mark, plot].map((part) => part.getBoundingClientRect());
      return Math.abs(x + 12 - start) < 4;
    });
    await flag.click();
    await page.waitForURL(new RegExp(`/alarms\\?alarm=${rule.id}`));
    assert.deepEqual(await problemsOf(session), []);
  } finally {
    await session.close();
    await server.call('DELETE', `alarm-rules/${rule.id}`);
  }
});

onPage('views are saved, shown again and deleted', '&compare=window', async (page) => {
  await drawn(page);
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByLabel('Name of the view').fill('Morning <b>"check"</b>');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Morning <b>"check"</b>' }).waitFor();
  await page.keyboard.press('Escape');
  await page.goto(`${server.url}/trends`);
  await page.getByText('Choose tags to see how they went.').waitFor();
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('link', { name: /Morning/ }).click();
  await drawn(page);
  assert.equal(query(page, 'compare'), 'window');
  assert.equal(query(page, 'tags'), ids.join());
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('button', { name: /Delete Morning/ }).click();
  await page.getByText('No views are saved yet').waitFor();
});

onPage('rows of the table take the arrow keys, and the cursor goes along', '', async (page) => {
  await drawn(page);
  await page.getByRole('button', { name: 'Table' }).click();
  const rows = page.getByRole('grid').locator('tbody tr');
  await rows.first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  assert.equal(await page.evaluate(() => document.activeElement.rowIndex), 60);
  await page.locator('.pens .cursor').first().getByText(/^50/).waitFor();
});

test('a tag that is no more is said, and can be taken out', async () => {
  const lost = '0192d3c0-0000-7000-8000-00000000dead';
  // The browser itself says that the tag was not found.
  const session = await open(browser, server, `/trends?tags=${ids[0]},${lost}`, {
    mayLoseLink: true,
  });
  const { page } = session;
  try {
    await page.getByText('A tag that no longer exists or may not be seen').waitFor();
    await page.getByRole('button', { name: /Remove 0192d3c0/ }).click();
    assert.equal(query(page, 'tags'), ids[0]);
    assert.deepEqual(await problemsOf(session), []);
  } finally {
    await session.close();
  }
});

test('history that cannot be read is said, and read again on demand', async () => {
  const session = await open(browser, server, '/trends', { mayLoseLink: true });
  const { page } = session;
  try {
    let isBroken = true;
    await page.route('**/history/chart', (route) =>
      isBroken ? route.fulfill({ status: 503, body: '' }) : route.continue(),
    );
    await page.goto(server.url + address('&overview=off'));
    await page.getByText('The history could not be read').waitFor();
    isBroken = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await drawn(page);
    assert.equal(await page.getByText('The history could not be read').count(), 0);
    assert.deepEqual(await problemsOf(session), []);
  } finally {
    await session.close();
  }
});

onPage('a month of tags is drawn and still has the spike', '', async (page) => {
  await page.locator('select.range').selectOption({ label: '30 days' });
  await page.getByRole('button', { name: 'Now' }).click();
  const chart = page.locator('[role="application"][aria-label*="highest 95"]');
  await chart.waitFor();
});

onPage('statistics of the range are those of the server', '', async (page) => {
  await page.getByRole('button', { name: 'Statistics' }).click();
  const row = page.getByRole('row', { name: /supply_setpoint/ });
  await row.waitFor();
  const { tags } = await server.call('POST', 'history/processed', {
    tags: [ids[0]],
    aggregates: ['Average', 'PercentGood'],
    start: START_US,
    end: START_US + SPAN_MS * 1000,
    interval: 0,
  });
  const [mean, good] = tags[0].columns.map(({ values }) => values[0]);
  const text = await row.innerText();
  assert.ok(text.includes(mean.toFixed(2)), `${mean}: ${text}`);
  assert.ok(text.includes(`${good.toFixed(1)} %`), `${good}: ${text}`);
  assert.match(text, /95/);
});

onPage('aggregates and interval are chosen, and the address keeps them', '', async (page) => {
  await page.getByRole('button', { name: 'Statistics' }).click();
  await page.getByText(/^Aggregates: 5 chosen$/).click();
  await page.getByLabel('Count', { exact: true }).check();
  await page.getByText(/^Aggregates: 6 chosen$/).waitFor();
  await page.getByLabel('TimeAverage', { exact: true }).uncheck();
  await page.getByLabel('Interval').selectOption('1m');
  const rows = page.locator('section tbody tr');
  await rows.nth(4).waitFor();
  await page.reload();
  await rows.nth(4).waitFor();
  const heads = await page.locator('section thead tr').nth(1).locator('th').allInnerTexts();
  assert.deepEqual(heads.slice(0, 5), ['Average', 'Minimum', 'Maximum', 'Count', 'PercentGood']);
  // Minutes of the gap have no value, and say so.
  await page.locator('section td.bad').first().waitFor();
});

for (const width of [1600, 1024, 390]) {
  for (const theme of ['light', 'dark']) {
    onPage(
      `statistics are accessible at ${width} pixels in ${theme}`,
      '&statistics=on&step=1m',
      async (page) => {
        await page.locator('section tbody tr').nth(3).waitFor();
        assert.deepEqual(await violations(page), []);
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        );
        assert.ok(over <= 0, `${over} pixels too wide`);
      },
      { width, theme, touch: width < 800 },
    );
  }
}

for (const width of [1600, 1024, 390]) {
  for (const theme of ['light', 'dark']) {
    onPage(
      `comparison, mark and table are accessible at ${width} pixels in ${theme}`,
      `&compare=86400000&mark=${START_US / 1000 + 90_000}&view=table`,
      async (page) => {
        await drawn(page);
        await page.getByRole('grid').waitFor();
        assert.deepEqual(await violations(page), []);
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        );
        assert.ok(over <= 0, `${over} pixels too wide`);
      },
      { width, theme, touch: width < 800 },
    );
  }
}
