// Backups: set up, made, checked, deleted, and how to go back to one.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, open, Server, withPage } from './helpers.mjs';

const directory = mkdtempSync(join(tmpdir(), 'headworks-backups-'));
const server = new Server({ HEADWORKS__BACKUP__DIRECTORY: directory });
const plain = new Server();
const skip = server.isOurs ? false : 'the settings of another server are not ours';
let browser;

before(async () => {
  if (skip) return;
  await Promise.all([server.start(), plain.start()]);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await Promise.all([server.end(), plain.end()]);
  rmSync(directory, { recursive: true, force: true });
});

/** Runs a test on a fresh page, and demands that nothing was wrong behind the scenes. */
const onPage = (name, path, run, options = {}) =>
  test(name, { skip }, () => withPage(browser, server, path, options, run));

const backups = async () => (await server.call('GET', 'backups')).items;
const shown = (page) => page.locator('[data-backup]');

/** Returns the largest file of all backups. */
function largestFile() {
  const files = readdirSync(join(directory, 'files'), { recursive: true })
    .map((name) => join(directory, 'files', name))
    .filter((path) => statSync(path).isFile());
  return files.sort((a, b) => statSync(b).size - statSync(a).size)[0];
}

onPage(
  'without a directory the page says what to set, in lines to copy',
  '/',
  async (page) => {
    await page.keyboard.press('g');
    await page.keyboard.press('b');
    await page.getByRole('heading', { name: 'Backups are not set up' }).waitFor();
    await page.getByText('directory = "/mnt/backup/headworks"').waitFor();
    const { data } = await plain.call('GET', 'backups');
    await page.getByText(`--data ${data}`).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Back up now' }).count(), 0);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy: Lines for headworks.toml' }).click();
    await page.getByText('Copied').waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, /^\[backup\]\ndirectory = /);
  },
  { server: plain },
);

onPage('a backup is made, verified and can be gone back to', '/backups', async (page) => {
  await page.getByText('No backups yet').waitFor();
  await page.getByText('On demand only').waitFor();
  await page.getByRole('button', { name: 'Back up now' }).click();
  await page.getByText('The backup is complete').waitFor();
  const [backup] = await backups();
  await shown(page).getByText('Not verified yet').waitFor();
  await shown(page)
    .getByText(`${backup.files} files`)
    .waitFor();
  const command = `headworks backup restore ${directory} --id ${backup.id} --data`;
  await page.getByText(command).waitFor();

  await shown(page).getByRole('button', { name: 'Verify' }).click();
  await page.getByText('Every file is what was written').waitFor();
  await shown(page).getByText(/^Verified \d/).waitFor();
  await page.reload();
  await shown(page).getByText(/^Verified \d/).waitFor();
});

onPage('a damaged backup is found and deleted', '/backups', async (page) => {
  writeFileSync(largestFile(), 'something else');
  await shown(page).getByRole('button', { name: 'Verify' }).click();
  await page.getByRole('alert').getByText('1 file is damaged or missing').waitFor();
  await page.getByText('This backup cannot be restored').waitFor();
  await shown(page).getByText(/1 file is damaged/).waitFor();

  await shown(page).getByRole('button', { name: /^Delete/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('It is the only backup there is').waitFor();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No backups yet').waitFor();
  assert.deepEqual(await backups(), []);
});

onPage(
  'why the last backup failed stands on the page until one succeeds',
  '/backups',
  async (page) => {
    const files = join(directory, 'files');
    rmSync(files, { recursive: true, force: true });
    writeFileSync(files, 'a file where a directory belongs');
    await page.getByRole('button', { name: 'Back up now' }).click();
    const band = page.locator('.failed[role="alert"]');
    await band.getByText(/^The backup of .+ failed$/).waitFor();
    await band.getByText(files).waitFor();
    rmSync(files);
    await page.getByRole('button', { name: 'Back up now' }).click();
    await shown(page).first().waitFor();
    await band.waitFor({ state: 'detached' });
  },
);

for (const width of [1600, 1024, 390]) {
  for (const theme of ['light', 'dark']) {
    test(`backups are accessible at ${width} pixels in ${theme}`, { skip }, async () => {
      const session = await open(browser, server, '/backups', { width, theme });
      await shown(session.page).first().waitFor();
      const found = await violations(session.page);
      const over = await session.page.evaluate(
        () => document.documentElement.scrollWidth - window.innerWidth,
      );
      await session.close();
      assert.deepEqual(found, []);
      assert.ok(over <= 0, `${over} pixels too wide`);
    });
  }
}
