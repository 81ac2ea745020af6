// Work on many tags at once: picking, editing, renaming, pasting, and what somebody else did.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, Server, withPage } from './helpers.mjs';

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

/** A refusal that the page shows is told by the console too. */
const REFUSED = /^console: Failed to load resource: .* (?:412|422) /;

const onPage = (name, path, run) =>
  test(name, () => withPage(browser, server, path, { mayRefuse: REFUSED }, run));

const tagsOf = async (pattern) =>
  (await server.call('GET', `tags?pattern=${encodeURIComponent(pattern)}`)).items;
const box = (page, name) => page.getByRole('row', { name }).getByRole('gridcell').first();
const BOILER = '/tags?q=boiler';

onPage('rows are picked with keys, and only touched fields change', BOILER, async (page) => {
  await page.getByText('11 tags', { exact: true }).waitFor();
  await page.getByRole('grid').focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await page.getByText('3 picked').waitFor();
  await page.keyboard.press('Control+a');
  await page.getByText('11 picked').waitFor();
  await page.keyboard.press('Escape');
  await box(page, /burner_on/).click();
  await box(page, /low_water/).click({ modifiers: ['Shift'] });
  await page.getByText('4 picked').waitFor();
  await page.getByRole('button', { name: 'Edit…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('[data-field="period_ms"] input[type="checkbox"]').check();
  await dialog.getByRole('textbox', { name: 'Poll period (ms)' }).fill('5');
  await dialog.getByText('4 rows are refused; nothing was changed').waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Change 4 tags' }).isDisabled());
  await dialog.getByRole('textbox', { name: 'Poll period (ms)' }).fill('2500');
  await dialog.getByText('Tried: this will work').waitFor();
  assert.deepEqual(await violations(page), []);
  const before = await tagsOf('demo/heating/boiler/*');
  await dialog.getByRole('button', { name: 'Change 4 tags' }).click();
  await dialog.waitFor({ state: 'detached' });
  const now = await tagsOf('demo/heating/boiler/*');
  assert.deepEqual(
    now.map(({ unit, scale }) => [unit, scale]),
    before.map(({ unit, scale }) => [unit, scale]),
  );
  assert.equal(now.filter(({ period_ms: period }) => period === 2500).length, 4);
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await page.getByText('It was taken back').waitFor();
  const back = await tagsOf('demo/heating/boiler/*');
  assert.equal(back.filter(({ period_ms: period }) => period === 2500).length, 0);
});

onPage('names change by a pattern, each row before and after', BOILER, async (page) => {
  await page.getByText('11 tags', { exact: true }).waitFor();
  await box(page, /return_temperature/).click();
  await box(page, /supply_temperature/).click();
  await page.getByRole('button', { name: 'Rename…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Find in names').fill('temperature');
  await dialog.getByLabel('Replace with').fill('a/b');
  await dialog.getByText('2 rows are refused').waitFor();
  await dialog.getByLabel('Find in names').fill('^(\\w+)_temperature$');
  await dialog.getByLabel('Replace with').fill('t_$1');
  await dialog.getByRole('checkbox').check();
  await dialog.getByText('2 of 2 names change.').waitFor();
  await dialog.getByText('t_return').waitFor();
  await dialog.getByText('Tried: this will work').waitFor();
  assert.deepEqual(await violations(page), []);
  const [old] = await tagsOf('demo/heating/boiler/return_temperature');
  await dialog.getByRole('button', { name: 'Rename 2 tags' }).click();
  await dialog.waitFor({ state: 'detached' });
  const [moved] = await tagsOf('demo/heating/boiler/t_return');
  assert.equal(moved.index, old.index, 'the history goes with it');
});

const PLACED = 'pasted rows carry what is no value, which samples are doubtful, and the place';

onPage(PLACED, '/tags', async (page) => {
  const asset = '0192d3c0-0000-7000-8000-0000000000aa';
  await server.call('POST', 'edits', {
    edits: [{ op: 'create', kind: 'asset', id: asset, body: { name: 'hall_9' } }],
  });
  await page.getByRole('button', { name: 'Paste table' }).click();
  const dialog = page.getByRole('dialog');
  const rows = [
    ['device', 'name', 'address', 'invalid', 'max_step', 'freeze_s', 'by_exception', 'asset'],
    ['Boiler house', 'placed_1', 'HR0', '-1;65535', '2,5', '60', 'true', 'hall_9'],
    ['Boiler house', 'placed_2', 'HR1', '', '-3', '', '', 'hall_8'],
  ];
  const text = rows.map((row) => row.join('\t')).join('\n');
  await dialog.getByLabel('Rows from a spreadsheet').fill(text);
  await dialog.getByText('1 row is refused; nothing was changed').waitFor();
  await dialog.getByRole('row', { name: /asset/ }).nth(1).waitFor();
  await dialog.getByLabel('Row 2, asset').fill('');
  await dialog.getByLabel('Row 2, asset').press('Tab');
  await dialog.getByRole('row', { name: /max_step/ }).nth(1).waitFor();
  await dialog.getByLabel('Row 2, max_step').fill('3');
  await dialog.getByLabel('Row 2, max_step').press('Tab');
  await dialog.getByText('Tried: this will work').waitFor();
  assert.deepEqual(await violations(page), []);
  await dialog.getByRole('button', { name: 'Apply 2 rows' }).click();
  await dialog.waitFor({ state: 'detached' });
  const tag = await server.tag('hall_9/placed_1');
  assert.deepEqual(tag.invalid, [-1, 65535]);
  assert.equal(tag.asset, asset);
  const { max_step: step, freeze_s: freeze, by_exception: isSparse } = tag.validation;
  assert.deepEqual([step, freeze, isSparse], [2.5, 60, true]);
});

onPage('rows of a spreadsheet are pasted, corrected and applied as one', '/tags', async (page) => {
  const [known] = await tagsOf('demo/heating/boiler/water_pressure');
  await page.getByRole('button', { name: 'Paste table' }).click();
  const dialog = page.getByRole('dialog');
  const rows = [
    ['device', 'name', 'address', 'data_type', 'scale', 'colour'],
    ['Boiler house', 'pasted_1', 'HR0', 'uint16', '0,1', 'red'],
    ['Boiler house', 'pasted_2', 'HR1', 'uint99', '1', 'red'],
    ['Boiler house', 'water_pressure', known.address, known.data_type, '2', 'red'],
  ];
  const text = rows.map((row) => row.join('\t')).join('\n');
  await dialog.getByLabel('Rows from a spreadsheet').fill(text);
  await dialog.getByText('left out: colour').waitFor();
  await dialog.getByText('1 row is refused; nothing was changed').waitFor();
  await dialog.getByRole('row', { name: /data_type/ }).nth(1).waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Apply 3 rows' }).isDisabled());
  assert.deepEqual(await violations(page), []);
  const cell = dialog.getByLabel('Row 2, data_type');
  await cell.fill('int16');
  await cell.press('Tab');
  await dialog.getByText('2 new, 1 changed.').waitFor();
  await dialog.getByText('Tried: this will work').waitFor();
  await dialog.getByRole('button', { name: 'Apply 3 rows' }).click();
  await dialog.waitFor({ state: 'detached' });
  const [first] = await tagsOf('demo/heating/boiler/pasted_1');
  assert.equal(first.scale, 0.1);
  const [changed] = await tagsOf('demo/heating/boiler/water_pressure');
  assert.equal(changed.scale, 2);
  assert.equal(changed.unit, known.unit, 'a column that is not there changes nothing');
  const { items } = await server.call('GET', 'changes?limit=1');
  const counts = items[0].counts.map(({ action, count }) => `${action} ${count}`);
  assert.deepEqual(counts.sort(), ['created 2', 'updated 1']);
});

onPage('a row that somebody else changed is named', '/tags?q=tank/level', async (page) => {
  const [level] = await tagsOf('demo/water/tank/level');
  await box(page, /level/).click();
  await page.getByRole('button', { name: 'Edit…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('[data-field="unit"] input[type="checkbox"]').check();
  // The page would learn of it and take the newer revision; the answer comes as if it had not.
  await page.route('**/api/v1/edits', async (route) => {
    const body = route.request().postDataJSON();
    body.edits[0].revision = level.revision + 7;
    await route.continue({ postData: JSON.stringify(body) });
  });
  await dialog.getByRole('textbox', { name: 'Unit' }).fill('cm');
  await dialog.getByText('demo/water/tank/level').waitFor();
  await dialog.getByText(/is at revision/).waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Change 1 tag' }).isDisabled());
});
