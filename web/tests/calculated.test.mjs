// Calculated tags: their list, the editor of formulas, and what it says while one writes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, Server, withPage } from './helpers.mjs';

const server = new Server();
let browser;
const SUPPLY = 'demo/heating/boiler/supply_temperature';

before(async () => {
  await server.start();
  browser = await launch();
  const supply = await server.tag(SUPPLY);
  const make = (name, formula) =>
    server.call('POST', 'tags', { device: supply.device, name, formula, unit: 'K' });
  await make('spread', 'supply_temperature - return_temperature');
  await make('broken', '1 / (spread - spread)');
});

after(async () => {
  await browser?.close();
  await server.end();
});

const onPage = (name, path, run, options = {}) =>
  test(name, () => withPage(browser, server, path, options, run));

const button = (page, name) => page.getByRole('button', { name });
const grid = (page) => page.getByRole('grid');
const field = (page) => page.getByRole('textbox', { name: 'Formula' });

onPage('the list shows formula, result, inputs and error', '/calculated', async (page) => {
  const row = grid(page).getByRole('row', { name: /spread supply_temperature - return/ });
  await row.waitFor();
  await grid(page).getByText('division by zero at column 3').waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByLabel('Quality').selectOption('bad');
  await row.waitFor({ state: 'detached' });
  await grid(page).getByRole('row', { name: /broken/ }).click();
  const panel = page.getByRole('complementary', { name: 'broken' });
  await panel.getByText('division by zero at column 3').waitFor();
  assert.equal(await panel.locator('mark').textContent(), '/');
  await panel.getByRole('link', { name: 'demo/heating/boiler/spread' }).waitFor();
  assert.deepEqual(await violations(page), []);
});

onPage('a formula is tried while it is written, and saved', '/calculated', async (page) => {
  await page.getByRole('link', { name: 'Add calculated tag' }).click();
  await page.getByRole('combobox', { name: 'Device' }).selectOption({ label: 'Boiler house' });
  await page.getByLabel('Name').fill('mean');
  await field(page).fill('supply_temperature + retrun_temperature');
  await page.getByText(/Column 22: .*retrun_temperature/).waitFor();
  await page.getByText('did you mean return_temperature?').waitFor();
  assert.equal(await page.locator('.mirror mark').textContent(), 'retrun_temperature');
  assert.deepEqual(await violations(page), []);
  await field(page).fill('(supply_temperature + return_temperature) / 2');
  const outcome = page.locator('.outcome[data-fresh=true]');
  await outcome.getByText('Now').waitFor();
  const inputs = page.getByRole('list', { name: 'Inputs' });
  assert.equal(await inputs.getByRole('listitem').count(), 2);
  assert.equal(await page.locator('.mirror mark').textContent(), '');
  assert.deepEqual(await violations(page), []);
  // What belongs to a register is not asked of a formula.
  for (const name of ['Scale', 'Byte order', 'Writable'])
    assert.equal(await page.getByLabel(name, { exact: true }).count(), 0, name);
  await button(page, 'Save').click();
  await page.getByRole('complementary', { name: 'mean' }).waitFor();
  const tag = await server.tag('demo/heating/boiler/mean');
  assert.equal(tag.formula, '(supply_temperature + return_temperature) / 2');
  assert.equal(tag.data_type, 'float64');
});

onPage('tags and functions are inserted where one writes', '/calculated?do=add', async (page) => {
  await page.getByRole('combobox', { name: 'Device' }).selectOption({ label: 'Boiler house' });
  await button(page, 'Functions').click();
  await page.getByPlaceholder('Search functions').fill('clamp');
  await page.getByText('clamp(x, low, high)').waitFor();
  assert.deepEqual(await violations(page), []);
  await button(page, 'clamp(x, low, high)').click();
  await page.waitForFunction(() => document.querySelector('textarea')?.value === 'clamp()');
  await button(page, 'Insert tag').click();
  await page.getByPlaceholder('Search tags').fill('boiler/supply_temp');
  await page.getByRole('dialog').getByText(SUPPLY).click();
  assert.equal(await field(page).inputValue(), 'clamp(supply_temperature)');
  // The reader goes on writing where the tag ended.
  await page.keyboard.type(', 0, 90');
  assert.equal(await field(page).inputValue(), 'clamp(supply_temperature, 0, 90)');
  await page.locator('.outcome[data-fresh=true]').waitFor();
  const { items } = await server.call('GET', 'tags?limit=1000');
  const other = items.find(({ device_name: name }) => name !== 'Boiler house');
  await button(page, 'Insert tag').click();
  await page.getByPlaceholder('Search tags').fill(other.path);
  await page.getByRole('dialog').getByText(other.path).click();
  assert.ok((await field(page).inputValue()).includes(`tag("${other.path}")`));
});

onPage('what the server refuses stands at the formula', '/tags', async (page) => {
  const spread = await server.tag('demo/heating/boiler/spread');
  await page.goto(`${server.url}/tags/${spread.id}`);
  await button(page, 'Edit').click();
  await field(page).fill('broken + 1');
  const way = 'spread <- demo/heating/boiler/broken <- demo/heating/boiler/spread';
  await page.getByText(`Column 1: needs its own result: demo/heating/boiler/${way}`).waitFor();
  assert.equal(await field(page).getAttribute('aria-invalid'), 'true');
  await field(page).fill('supply_temperature - return_temperature');
  await page.locator('.outcome[data-fresh=true]').waitFor();
});

onPage('the past is tried and calculated', '/calculated', async (page) => {
  // Made a moment ago: what came before is calculated from what the demonstration has stored.
  const supply = await server.tag(SUPPLY);
  const body = { device: supply.device, name: 'late', formula: 'supply_temperature * 2' };
  const late = await server.call('POST', 'tags', { ...body, data_type: 'float64' });
  await page.goto(`${server.url}/calculated/${late.id}`);
  await button(page, 'Calculate the past').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: 'Time' }).selectOption({ label: 'Last hour' });
  assert.deepEqual(await violations(page), []);
  await button(dialog, 'Try').click();
  await page.getByText(/^[1-9]\d* results would be stored/).waitFor();
  assert.deepEqual(await violations(page), []);
  await button(page, 'Calculate the past').click();
  await button(dialog, 'Calculate').click();
  await page.getByText(/^[1-9]\d* results stored/).waitFor();
});

for (const [width, scheme] of [
  [1600, 'light'],
  [1024, 'dark'],
  [390, 'light'],
]) {
  const name = `the page and its editor fit ${width} pixels, ${scheme}`;
  onPage(
    name,
    '/calculated?do=add',
    async (page) => {
      await field(page).fill('1 / 0');
      await page.getByText('division by zero at column 3').waitFor();
      assert.deepEqual(await violations(page), []);
      const isWide = await page.evaluate(
        () => document.documentElement.scrollWidth <= document.documentElement.clientWidth,
      );
      assert.ok(isWide, 'the page scrolls sideways');
    },
    { width, theme: scheme },
  );
}
