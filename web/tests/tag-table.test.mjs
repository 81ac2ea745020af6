// The table of tags: cells edited in place, columns, copies, calls, and what is deleted.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { violations } from './axe.mjs';
import { launch, Server, withPage } from './helpers.mjs';

const server = new Server();
const BOILER = '/tags?q=boiler';
let browser;

before(async () => {
  await server.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server.end();
});

/** A refusal that the page shows is told by the console too. */
const REFUSED = /^console: Failed to load resource: .* (?:409|412|422) /;

const CLIPBOARD = { permissions: ['clipboard-read', 'clipboard-write'] };

const onPage = (name, path, run) =>
  test(name, () => {
    const given = { mayRefuse: REFUSED, context: CLIPBOARD };
    return withPage(browser, server, path, given, run);
  });

const tag = (name) => server.tag(`demo/heating/boiler/${name}`);
const row = (page, name) => page.getByRole('row').filter({ hasText: name });
const bar = (page) => page.getByRole('group', { name: 'Changes in the table' });

async function show(page, ...names) {
  await page.getByRole('button', { name: 'Columns' }).click();
  const menu = page.getByRole('group', { name: 'Columns' });
  for (const name of names) await menu.getByLabel(name, { exact: true }).check();
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
}

onPage('columns are chosen, kept, and set back', BOILER, async (page) => {
  const heads = () => page.getByRole('columnheader').allInnerTexts();
  await page.getByRole('columnheader', { name: 'Path' }).waitFor();
  assert.ok(!(await heads()).includes('Unit'));
  await show(page, 'Unit', 'Description');
  await page.getByRole('columnheader', { name: 'Description' }).waitFor();
  await page.reload();
  await page.getByRole('columnheader', { name: 'Description' }).waitFor();
  await row(page, 'supply_setpoint').getByText('Wanted supply temperature').waitFor();
  await page.getByRole('button', { name: 'Copy table' }).click();
  await page.getByText('Copied').waitFor();
  const lines = (await page.evaluate(() => navigator.clipboard.readText())).split('\n');
  assert.deepEqual(lines[0].split('\t').slice(0, 4), ['Path', 'Value', 'Age', 'Unit']);
  assert.equal(lines.length, 12, 'a head and eleven tags');
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('button', { name: 'Usual columns' }).click();
  await page.getByRole('columnheader', { name: 'Description' }).waitFor({ state: 'detached' });
});

onPage('cells are edited with the keyboard and saved as one change', BOILER, async (page) => {
  await show(page, 'Unit', 'Scale');
  await page.getByRole('button', { name: 'Change cells' }).click();
  const grid = page.getByRole('grid');
  await grid.focus();
  // burner_on, burner_output, flue_gas_temperature
  await page.keyboard.press('ArrowDown');
  for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  assert.equal(await page.getByRole('textbox', { name: 'Unit' }).inputValue(), '%');
  await page.keyboard.type('percent');
  await page.keyboard.press('Tab');
  // The device is no cell to edit: the address follows.
  assert.equal(await page.getByRole('textbox', { name: 'Address' }).inputValue(), 'HR4');
  await page.keyboard.press('Escape');
  await bar(page).getByText('1 change').waitFor();
  assert.ok(await grid.evaluate((one) => one === document.activeElement));
  await page.keyboard.press('ArrowDown');
  for (let step = 0; step < 2; step += 1) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Scale' }).fill('much');
  await page.keyboard.press('Enter');
  await bar(page).getByText('1 row is refused').waitFor();
  assert.ok(await bar(page).getByRole('button', { name: 'Save' }).isDisabled());
  await bar(page).getByRole('button', { name: 'Review' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('cell', { name: /flue_gas_temperature/ }).waitFor();
  assert.equal(await dialog.locator('td .problem').count(), 1);
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
  assert.equal((await tag('burner_output')).unit, '%', 'nothing is saved yet');

  await page.getByRole('gridcell', { name: /^much/ }).dblclick();
  await page.getByRole('textbox', { name: 'Scale' }).fill('0,2');
  await page.keyboard.press('Enter');
  await bar(page).getByText('is refused').waitFor({ state: 'detached' });
  await bar(page).getByRole('button', { name: 'Save' }).click();
  await page.getByText('2 tags were changed').waitFor();
  assert.equal((await tag('burner_output')).unit, 'percent');
  assert.equal((await tag('flue_gas_temperature')).scale, 0.2);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('It was taken back').waitFor();
  assert.equal((await tag('burner_output')).unit, '%');
});

onPage('cells of a spreadsheet are pasted, and leaving asks', BOILER, async (page) => {
  await show(page, 'Unit', 'Decimals');
  await page.getByRole('button', { name: 'Change cells' }).click();
  await row(page, 'flue_gas_temperature').getByText('°C', { exact: true }).last().click();
  await page.evaluate(() => navigator.clipboard.writeText('K\nK\nh\n'));
  await page.keyboard.press('Control+v');
  // flue_gas_temperature changes; low_water gets a unit; operating_hours has h already.
  await bar(page).getByText('2 changes').waitFor();
  let asked = '';
  page.once('dialog', (question) => {
    asked = question.message();
    void question.dismiss();
  });
  await page.getByRole('link', { name: 'Devices' }).first().click();
  await page.waitForTimeout(200);
  assert.match(asked, /\?/);
  assert.match(page.url(), /\/tags/);
  await bar(page).getByRole('button', { name: 'Discard' }).click();
  await bar(page).waitFor({ state: 'detached' });
  assert.equal((await tag('flue_gas_temperature')).unit, '°C');
});

/** Runs a line as somebody would who has a token; returns what curl says. */
async function inShell(line) {
  const env = { ...process.env, HEADWORKS_TOKEN: server.token };
  const order = ['-c', `${line} --silent --show-error`];
  const { stdout } = await promisify(execFile)('sh', order, { env });
  return stdout ? JSON.parse(stdout) : null;
}

const copied = (page) => page.evaluate(() => navigator.clipboard.readText());

onPage('the call that is copied does the same in a shell', BOILER, async (page) => {
  await row(page, 'water_pressure').click();
  const panel = page.locator('aside');
  await panel.getByRole('button', { name: 'Copy as API call' }).click();
  await page.getByText('Copied').waitFor();
  const look = await copied(page);
  assert.ok(!look.includes(server.token), 'no secret is copied');
  assert.equal((await inShell(look)).name, 'water_pressure');

  await panel.getByRole('button', { name: 'Edit', exact: true }).click();
  const form = page.locator('aside form');
  await form.getByLabel(/^Description/).fill("the boiler's own \"gauge\" $HOME");
  await form.getByRole('button', { name: 'Copy as API call' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Copied').last().waitFor();
  const line = await copied(page);
  assert.match(line, /-H 'if-match: "\d+"'/);
  await inShell(line);
  assert.equal((await tag('water_pressure')).description, "the boiler's own \"gauge\" $HOME");
  const refused = await inShell(line);
  assert.equal(refused.status, 412, 'the revision is no longer the one that was seen');
  page.once('dialog', (question) => question.accept());
  await form.getByRole('button', { name: 'Cancel' }).click();
});

onPage('a tag is deleted at once, and comes back', BOILER, async (page) => {
  await row(page, 'outside_temperature').click();
  await page.waitForURL(/\/tags\/.+q=boiler/);
  await page.locator('aside').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('10 tags', { exact: true }).waitFor();
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await page.getByText('11 tags', { exact: true }).waitFor();
  assert.ok(await tag('outside_temperature'));
});
