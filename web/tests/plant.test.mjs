// The plant as people arrange it: assets, groups, changes and the way back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, open, PASSWORD, place, Server, signIn, withPage } from './helpers.mjs';

const server = new Server();
let browser;
let made;

before(async () => {
  await server.start();
  const { items } = await server.call('GET', 'devices');
  made = await place(server, items);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server.end();
});

/** A refusal that the page shows is told by the console too. */
const REFUSED = /^console: Failed to load resource: .* (?:409|412|422) /;

const onPage = (name, path, run, options = {}) =>
  test(name, () => withPage(browser, server, path, { mayRefuse: REFUSED, ...options }, run));

const item = (page, name) => page.getByRole('treeitem', { name });
const paths = async () =>
  (await server.call('GET', 'assets?limit=1000')).items.map(({ path }) => path);

onPage('an asset is made, renamed with all below it, and taken back', '/plant', async (page) => {
  await item(page, /^berlin/).click();
  await page.getByRole('button', { name: 'Add below' }).click();
  let dialog = page.getByRole('dialog');
  assert.equal(await dialog.getByLabel('Level').inputValue(), 'area', 'one level below a site');
  await dialog.getByLabel(/^Name/).fill('not/one segment');
  await dialog.locator('p.error').waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Save' }).isDisabled());
  await dialog.getByLabel(/^Name/).fill('hall_2');
  await dialog.getByText('Its path: berlin/hall_2').waitFor();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'hall_2' }).waitFor();

  await item(page, /^berlin/).click();
  await page.getByRole('button', { name: 'Edit or move' }).click();
  dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^Name/).fill('munich');
  await dialog.getByText('4 paths change with it').waitFor();
  assert.match(await dialog.innerText(), /berlin\/hall_2\s+munich\/hall_2/);
  assert.deepEqual(await violations(page), []);
  assert.ok((await paths()).includes('berlin/utilities'), 'nothing is changed before it is saved');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await item(page, /^munich/).waitFor();
  assert.ok((await paths()).includes('munich/utilities'));

  await page.locator('.toast').getByRole('button', { name: 'Undo' }).last().click();
  await page.getByText('It was taken back').waitFor();
  await item(page, /^berlin/).waitFor();
  assert.ok((await paths()).includes('berlin/utilities'));
});

onPage('the tree is walked with the keyboard', '/plant', async (page) => {
  await item(page, /^berlin/).focus();
  await page.keyboard.press('ArrowLeft');
  assert.equal(await item(page, /^berlin/).getAttribute('aria-expanded'), 'false');
  assert.equal(await item(page, /^utilities/).count(), 0);
  await page.keyboard.press('ArrowRight');
  await item(page, /^utilities/).waitFor();
  await page.keyboard.press('u');
  assert.match(await page.evaluate(() => document.activeElement.textContent), /utilities/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'utilities' }).waitFor();
  assert.match(page.url(), new RegExp(made.asset));
  await page.keyboard.press('Home');
  assert.match(await page.evaluate(() => document.activeElement.textContent), /berlin/);
});

onPage(
  'devices are moved to an asset in one change, with the paths before and after',
  '/plant/unplaced',
  async (page) => {
    await page.getByRole('checkbox', { name: 'Pick Boiler house' }).click();
    await page.getByText('1 picked').waitFor();
    await page.getByRole('button', { name: 'Move to asset…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('To').selectOption({ label: 'berlin/utilities' });
    await dialog.getByText('Tried: this will work').waitFor();
    assert.match(
      await dialog.innerText(),
      /demo\/heating\/boiler\s+berlin\/utilities\/demo\/heating\/boiler/,
    );
    const before = await server.tag('demo/heating/boiler/supply_temperature');
    await dialog.getByRole('button', { name: 'Move', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    const moved = await server.tag('berlin/utilities/demo/heating/boiler/supply_temperature');
    assert.equal(moved.index, before.index, 'the history goes with it');

    await page.goto(`${server.url}/plant/${made.asset}`);
    const row = page.getByRole('row', { name: /supply_temperature/ });
    await row.locator('.live[data-state="good"]').waitFor();
    await page.goto(`${server.url}/changes`);
    await page.getByRole('button', { name: /^Undo the change of/ }).first().click();
    const undo = page.getByRole('dialog');
    await undo.getByText('Tried: it can be taken back').waitFor();
    await undo.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('It was taken back').waitFor();
    await server.tag('demo/heating/boiler/supply_temperature');
  },
);

onPage('an asset with devices is deleted with a tick only, and returns', '/plant', async (page) => {
  await item(page, /^utilities/).click();
  await page.getByRole('checkbox', { name: /^Pick / }).first().waitFor();
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  assert.ok(await dialog.getByRole('button', { name: 'Delete' }).isDisabled());
  await dialog.getByRole('checkbox').check();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await item(page, /^utilities/).waitFor({ state: 'detached' });
  assert.ok(!(await paths()).includes('berlin/utilities'));
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await item(page, /^utilities/).waitFor();
});

onPage('members come into a group and leave it', () => `/groups/${made.group}`, async (page) => {
  const panel = page.locator('aside');
  await panel.getByRole('button', { name: 'Add members' }).click();
  const dialog = page.getByRole('dialog');
  // Both lists must have come before one of them can be seen to go.
  await dialog.getByRole('heading', { name: 'Devices' }).waitFor();
  await dialog.getByRole('checkbox', { name: /supply_setpoint/ }).waitFor();
  await dialog.getByPlaceholder('Search devices and tags').fill('supply');
  await dialog.getByRole('heading', { name: 'Devices' }).waitFor({ state: 'detached' });
  await dialog.getByRole('checkbox').first().click();
  await dialog.getByRole('checkbox').nth(1).click({ modifiers: ['Shift'] });
  await dialog.getByRole('button', { name: 'Add 2 members' }).click();
  await dialog.waitFor({ state: 'detached' });
  await panel.getByRole('link', { name: /supply_setpoint/ }).waitFor();
  await panel.locator('.live[data-state="good"]').first().waitFor();
  const group = await server.call('GET', `groups/${made.group}`);
  assert.equal(group.tags.length, 2);

  await panel.getByRole('checkbox', { name: /supply_setpoint/ }).check();
  await panel.getByRole('button', { name: 'Remove from group' }).click();
  await panel.getByRole('link', { name: /supply_setpoint/ }).waitFor({ state: 'detached' });
  assert.equal((await server.call('GET', `groups/${made.group}`)).tags.length, 1);
  assert.deepEqual(await violations(page), []);
});

onPage('a change shows what it did; a later one keeps it', '/changes', async (page) => {
  const tag = await server.tag('demo/heating/boiler/supply_setpoint');
  const patch = (description) =>
    server.call('POST', 'edits', {
      edits: [{ op: 'patch', id: tag.id, patch: { description } }],
    });
  const first = await patch('by hand');
  await patch('by hand again');
  const change = page.locator(`[data-change="${first.change}"]`);
  await change.getByText('Tag: 1 changed').click();
  await change.getByRole('cell', { name: 'by hand', exact: true }).waitFor();
  await change.getByRole('button', { name: /^Undo/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('It cannot be taken back.').waitFor();
  assert.match(await dialog.innerText(), /revision/);
  assert.ok(await dialog.getByRole('button', { name: 'Undo' }).isDisabled());
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');

  await change.getByRole('button', { name: 'Revisions' }).click();
  const revisions = page.getByRole('dialog');
  await revisions.getByRole('cell', { name: 'by hand again' }).waitFor();
  await revisions.getByRole('listitem').nth(1).getByRole('button').click();
  await revisions.getByRole('button', { name: /^Restore revision/ }).click();
  await revisions.waitFor({ state: 'detached' });
  assert.equal((await server.call('GET', `tags/${tag.id}`)).description, 'by hand');
});

onPage('what was deleted returns from the bin', '/changes?tab=bin', async (page) => {
  await page.getByRole('button', { name: 'Restore Lost' }).click();
  await page.getByText('Lost is back').waitFor();
  const { items } = await server.call('GET', 'groups');
  assert.ok(items.some(({ name }) => name === 'Lost'));
  await page.getByText('The bin is empty.').waitFor();
});

onPage('a dashboard shows its revisions in the list', '/d/all', async (page) => {
  const board = await server.call('POST', 'dashboards', { name: 'Shift', groups: [] });
  await server.call('POST', 'edits', {
    edits: [{ op: 'patch', id: board.id, patch: { name: 'Night shift' } }],
  });
  await page.getByRole('button', { name: 'Revisions of Night shift' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('cell', { name: 'Night shift' }).waitFor();
  assert.deepEqual(await violations(page), []);
  await dialog.getByRole('listitem').nth(1).getByRole('button').click();
  await dialog.getByRole('button', { name: 'Restore revision 1' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Shift', exact: true }).waitFor();
  await server.call('DELETE', `dashboards/${board.id}`);
});

test('a viewer looks at all of it and changes nothing', async () => {
  await server.call('POST', 'users', { name: 'viewer', role: 'viewer', password: PASSWORD });
  const session = await open(browser, server, '/', { signedIn: false });
  const { page } = session;
  try {
    await signIn(page, 'viewer');
    const seen = [`plant/${made.asset}`, `groups/${made.group}`, 'changes', 'changes?tab=bin'];
    for (const path of seen) {
      await page.goto(`${server.url}/${path}`);
      await page.locator('main .panel, main aside').first().waitFor();
      await page.waitForTimeout(400);
      const names = await page.locator('main button').allInnerTexts();
      const verbs = /Add|Edit|Delete|Move|Remove|Restore|Undo/;
      assert.deepEqual(names.filter((name) => verbs.test(name)), [], path);
    }
  } finally {
    await session.close();
  }
});
