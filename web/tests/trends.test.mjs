// Trends: many tags in one question, spikes and gaps that stay, and statistics of the range.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, open, problemsOf, Server } from './helpers.mjs';

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

before(async () => {
  await server.start();
  browser = await launch();
  ids = [(await server.tag(SUPPLY)).id, (await server.tag(LEVEL)).id];
  const lines = Array.from({ length: 300 }, (_, second) => second)
    .filter((second) => second < GAP.from || GAP.to <= second)
    .map((second) => {
      const sample = { tag: SUPPLY, time_us: START_US + second * 1_000_000, value: 50 };
      return JSON.stringify(second === SPIKE ? { ...sample, value: 95 } : sample);
    });
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

onPage('all tags come in one question, with the spike', '', async (page, asked) => {
  const chart = page.locator('[role="application"][aria-label*="lowest"]');
  await chart.waitFor();
  assert.match(await chart.getAttribute('aria-label'), /supply_setpoint.*lowest 50.*highest 95/);
  assert.deepEqual(
    asked.filter((path) => /history|trend-data/.test(path)),
    ['/api/v1/history/chart'],
  );
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
