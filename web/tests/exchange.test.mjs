// Files out of and into the history, on the page for it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { launch, Server, withPage } from './helpers.mjs';

const SUPPLY = 'demo/heating/boiler/supply_temperature';
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

const ended = (page) => page.locator('[data-job="done"]').first();

onPage('an export is made by keyboard, downloaded and deleted', '/exchange', async (page) => {
  await page.getByText('No exports yet').waitFor();
  await page.getByLabel('Tags').fill(SUPPLY);
  await page.getByText(`1 tag: ${SUPPLY}`).waitFor();
  await page.keyboard.press('Enter');
  await ended(page).waitFor();
  await page.getByText('The export is ready').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('[data-export="done"]').getByRole('link', { name: 'Download' }).click(),
  ]);
  const lines = readFileSync(await download.path(), 'utf8').trim().split('\r\n');
  assert.match(lines[0], /^path,time,value/);
  assert.ok(lines.slice(1).every((line) => line.startsWith(`${SUPPLY},`)));
  const { items } = await server.call('GET', 'exports');
  assert.deepEqual(
    items.map(({ rows, options }) => [rows, options.format]),
    [[lines.length - 1, 'csv']],
  );

  await page.locator('[data-export]').getByRole('button', { name: /^Delete/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No exports yet').waitFor();
  assert.deepEqual((await server.call('GET', 'exports')).items, []);
});

onPage('an export that ends on another page is announced there', '/exchange', async (page) => {
  await page.getByRole('radio', { name: /Parquet/ }).check();
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  await page.getByRole('link', { name: 'System health' }).click();
  await page.getByRole('heading', { name: 'System health' }).waitFor();
  await page.getByText('The export is ready').waitFor();
  await page.goBack();
  await page.locator('[data-export="done"]').waitFor();
});

onPage(
  'options that cannot be are refused with their reason at the field',
  '/exchange',
  async (page) => {
    await page.getByText('More settings').click();
    await page.getByLabel('Time zone of written times').fill('Mars/Olympus');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByRole('alert').getByText(/Mars\/Olympus/).waitFor();
    await page.getByLabel('Tags').fill('no/such/**');
    await page.getByText('No tag matches this pattern').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Export', exact: true }).isDisabled());
  },
  { mayLoseLink: true }, // the browser reports the refused request
);

const FILE = [
  'Zeit;Name;Wert',
  `19.11.2026 10:00:00;${SUPPLY};71,25`,
  `19.11.2026 10:00:01;${SUPPLY};71,5`,
  '19.11.2026 10:00:02;Kessel 9;12,5',
  `19.11.2026 10:00:03;${SUPPLY};abc`,
  '',
].join('\n');
const START_US = Date.UTC(2026, 10, 19, 10) * 1000;

/** Returns the stored samples of the file's times. */
async function stored() {
  const { id } = await server.tag(SUPPLY);
  const query = `start_us=${START_US}&end_us=${START_US + 60_000_000}&raw=true`;
  const { rows } = await server.call('GET', `tags/${id}/trend-data?${query}`);
  return rows.map(([time, value]) => [(time - START_US) / 1e6, value]);
}

const IMPORT = '/exchange?tab=import';

onPage('a file is looked at, checked, imported and its errors kept', IMPORT, async (page) => {
  await page.setInputFiles('input[type="file"]', {
    name: 'kessel.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(FILE),
  });
  await page.getByRole('cell', { name: '71.25' }).waitFor();
  await page.getByText('1 tag of the file does not exist').waitFor();
  assert.match(
    await page.getByLabel('Between cells').locator('option:checked').innerText(),
    /Semicolon/,
  );

  await page.getByLabel('Tags that do not exist').selectOption('skip');
  const check = page.getByRole('button', { name: 'Check without storing' });
  await check.click();
  await page.getByText('The file is checked').waitFor();
  await ended(page).getByText('Nothing, this was a check').waitFor();
  assert.deepEqual(await stored(), []);

  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByText('The import is complete').waitFor();
  assert.deepEqual(await stored(), [
    [0, 71.25],
    [1, 71.5],
  ]);
  const [errors] = await Promise.all([
    page.waitForEvent('download'),
    ended(page).getByRole('link', { name: 'Download the errors' }).click(),
  ]);
  assert.match(readFileSync(await errors.path(), 'utf8'), /^5,.*abc/m);
});

onPage('a name of the file is given the tag it stands for', IMPORT, async (page) => {
  await page.setInputFiles('input[type="file"]', {
    name: 'kessel.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(FILE.replace('abc', '70')),
  });
  await page.getByRole('button', { name: 'Choose tag' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('searchbox').fill('supply_temp');
  await dialog.getByRole('button', { name: SUPPLY }).click();
  await page.getByText(`Kessel 9 → ${SUPPLY}`).waitFor();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByText('The import is complete').waitFor();
  assert.deepEqual(
    (await stored()).map(([, value]) => value),
    [71.25, 71.5, 12.5, 70],
  );
});

onPage(
  'a file that is none is refused with its reason and nothing is lost',
  IMPORT,
  async (page) => {
    await page.setInputFiles('input[type="file"]', {
      name: 'x.parquet',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from('PAR1 and then nothing PAR1'),
    });
    await page.locator('.found .error').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Import', exact: true }).isDisabled());
    await page.getByRole('button', { name: 'Take another file' }).click();
    await page.getByText('Drop a file here').waitFor();
  },
  { mayLoseLink: true }, // the browser reports the refused request
);
