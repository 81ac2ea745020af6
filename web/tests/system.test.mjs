// The pages of the system, and what they say about tags.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { launch, open, problemsOf, Server, withPage } from './helpers.mjs';

const server = new Server();
let browser;

before(async () => {
  await server.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server.end();
});

/** Runs a test on a fresh page, and demands that nothing was wrong behind the scenes. */
const onPage = (name, path, run, options = {}) =>
  test(name, () => withPage(browser, server, path, options, run));

onPage('the storage page says how full the disk is and what takes room', '/', async (page) => {
  const { disk, used_percent: used } = await server.call('GET', 'system/storage');
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.getByRole('heading', { name: 'Storage', exact: true }).waitFor();
  const shown = await page.locator('.bar[role="img"]').getAttribute('aria-label');
  assert.ok(Math.abs(Number.parseFloat(shown) - used) < 2, `${shown} of ${used}`);
  await page.getByText(`of ${(disk.total_bytes / 1e9).toFixed(1)}`).waitFor();
  await page.getByText('Write-ahead log').first().waitFor();
  await page.getByText(/Last round \d/).waitFor();
});

const SUPPLY = 'demo/heating/boiler/supply_temperature';
const effective = () =>
  server.call('GET', `retention-policies/effective?tag=${encodeURIComponent(SUPPLY)}`);

onPage(
  'a retention policy is made, holds for its tags, is changed and deleted',
  '/storage?tab=retention',
  async (page) => {
    await page.getByText('No policies of your own').waitFor();
    await page.getByRole('link', { name: 'Add policy' }).last().click();
    const panel = page.locator('aside');
    await panel.getByLabel('Name').fill('Boiler');
    await panel.getByLabel('Tags').fill('demo/heating/**');
    await panel.getByText(/^\d+ tags: demo\/heating/).waitFor();
    await panel.getByLabel('Every sample (days)').fill('x');
    await panel.getByText('A whole number of days').waitFor();
    await panel.getByRole('button', { name: 'Save' }).click();
    assert.equal((await effective()).policy, null);
    await panel.getByLabel('Every sample (days)').fill('40');
    await panel.getByLabel('1 week: keep for ever').check();
    await panel.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Boiler was saved').waitFor();
    const held = await effective();
    assert.equal(held.policy.name, 'Boiler');
    assert.deepEqual([held.days.raw, held.days.week, held.days.minute], [40, null, 30]);

    await page.getByRole('link', { name: 'Boiler' }).click();
    await panel.getByLabel('Every sample (days)').fill('0');
    await panel.getByRole('button', { name: 'Save' }).click();
    await panel.locator('.field .error').waitFor();
    assert.equal((await effective()).days.raw, 40);
    await panel.getByLabel('Every sample (days)').fill('41');
    await panel.getByRole('button', { name: 'Save' }).click();
    await panel.waitFor({ state: 'detached' });
    assert.equal((await effective()).days.raw, 41);

    await page.getByRole('link', { name: 'Boiler' }).click();
    await panel.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No policies of your own').waitFor();
    assert.equal((await effective()).policy, null);
  },
  { mayLoseLink: true }, // the browser reports the refused request
);

const EVENTS = '/storage?tab=events';

onPage('events are filtered, and the address keeps the filter', EVENTS, async (page) => {
  await page.getByLabel('Kind').selectOption('clock');
  await page.getByLabel('Severity').selectOption('critical');
  await page.getByText('No events match the filter').waitFor();
  assert.match(page.url(), /kind=clock.*severity=critical/);
  await page.reload();
  await page.getByText('No events match the filter').waitFor();
  await page.getByRole('button', { name: 'Clear filter' }).click();
  assert.doesNotMatch(page.url(), /kind=/);
});

onPage(
  'words of the pages of the system follow the language',
  '/storage',
  async (page) => {
    await page.getByRole('tab', { name: 'Aufbewahrung' }).click();
    await page.getByText('Noch keine').or(page.getByText('Keine eigenen Regeln')).waitFor();
    await page.getByRole('button', { name: 'Anzeige', exact: false }).first().click();
    await page.getByLabel('Sprache').selectOption('it');
    await page.getByRole('tab', { name: 'Conservazione' }).waitFor();
    await page.getByText('Nessuna regola propria').waitFor();
  },
  { locale: 'de-DE' },
);

test('the panel of a tag says what is missing and odd, and its checks are set', async () => {
  const tag = await server.tag(SUPPLY);
  const session = await open(browser, server, `/tags/${tag.id}`);
  const { page } = session;
  try {
    const panel = page.locator('aside');
    await panel.getByRole('heading', { name: 'Data quality' }).waitFor();
    await panel.getByText(/\d% complete/).waitFor();
    await panel.getByText(/^[\d,]+ (?:of [\d,]+ expected )?samples$/).waitFor();
    await panel.getByRole('button', { name: 'Edit' }).click();
    await panel.getByText('Plausibility checks').click();
    await panel.getByLabel('Fastest change').fill('0.001');
    await panel.getByLabel('Largest step').fill('-1');
    await panel.getByRole('button', { name: 'Save' }).click();
    await panel.getByText('must be a finite number above 0').first().waitFor();
    await panel.getByLabel('Largest step').fill('');
    await panel.getByRole('button', { name: 'Save' }).click();
    await panel.getByRole('heading', { name: 'Data quality' }).waitFor();
    const { validation } = await server.tag(SUPPLY);
    assert.deepEqual(validation, { max_rate_per_s: 0.001 });
    // The demo plant changes faster than that: the samples that follow are spikes.
    await page.waitForTimeout(3000);
    await panel.getByRole('button', { name: '7 days' }).click();
    await panel.getByText('Spikes').first().waitFor();
    await panel.getByText(/^As they came, since/).waitFor();
  } finally {
    await session.close();
    const now = await server.tag(SUPPLY);
    const { validation: _checks, ...body } = tag;
    const served = ['id', 'revision', 'updated_us', 'path', 'index', 'poll_ms', 'device_name'];
    for (const key of [...served, 'current']) delete body[key];
    await fetch(`${server.url}/api/v1/tags/${now.id}`, {
      method: 'PUT',
      headers: {
        'content-type': 'application/json',
        'if-match': `"${now.revision}"`,
        authorization: `Bearer ${server.token}`,
      },
      body: JSON.stringify(body),
    });
  }
});

test('a trend marks when samples were bad', async () => {
  const connection = await server.call('POST', 'connections', {
    name: 'Short',
    protocol: 'simulated',
  });
  const device = { name: 'Short', connection: connection.id, path: 'zz/short', period_ms: 200 };
  const { id, revision } = await server.call('POST', 'devices', device);
  const body = { device: id, name: 'level', address: 'constant:7', data_type: 'float64' };
  const tag = await server.call('POST', 'tags', body);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const answer = await fetch(`${server.url}/api/v1/devices/${id}`, {
    method: 'PUT',
    headers: {
      'content-type': 'application/json',
      'if-match': `"${revision}"`,
      authorization: `Bearer ${server.token}`,
    },
    body: JSON.stringify({ ...device, enabled: false }),
  });
  assert.ok(answer.ok);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const session = await open(browser, server, `/trends?tags=${tag.id}&span=60000`);
  try {
    await session.page.getByText('bad samples, a row for each tag').waitFor();
    assert.deepEqual(await problemsOf(session), []);
  } finally {
    await session.close();
    await server.call('DELETE', `connections/${connection.id}?cascade=true`);
  }
});

onPage('a trend is saved as the chart shows it', '/trends', async (page) => {
  const tag = await server.tag(SUPPLY);
  await page.goto(`${server.url}/trends?tags=${tag.id}&span=300000`);
  await page.locator('[aria-label*="lowest"]').waitFor();
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'CSV' }).click(),
  ]);
  const lines = readFileSync(await saved.path(), 'utf8').trim().split('\r\n');
  const heads = ['last (°C)', 'min (°C)', 'max (°C)', 'quality'];
  assert.equal(lines[0], ['time', ...heads.map((what) => `${SUPPLY} ${what}`)].join());
  assert.ok(1 < lines.length);
  for (const line of lines.slice(1)) {
    const quality = '(?:good|uncertain|bad)';
    const row = `^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z(?:(?:,-?[\\d.]+){3},${quality}|,,,,bad)$`;
    assert.match(line, new RegExp(row));
  }
});
