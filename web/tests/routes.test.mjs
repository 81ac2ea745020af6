// Routes: where samples go, what holds them back, and what did not arrive.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { violations } from './axe.mjs';
import { launch, open, PASSWORD, rail, Server, signIn, withPage } from './helpers.mjs';

const server = new Server();
const SOURCE = 'demo/heating/boiler/supply_temperature';
let browser;
let target;

before(async () => {
  await server.start();
  target = await server.tag('demo/heating/boiler/supply_setpoint');
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server.end();
});

/** A refusal that the page shows is told by the console too. */
const REFUSED = /^console: Failed to load resource: .* (?:400|409|412|422) /;

const onPage = (name, path, run, options = {}) =>
  test(name, () => withPage(browser, server, path, { mayRefuse: REFUSED, ...options }, run));

const routes = async () => (await server.call('GET', 'routes')).items;
const letters = async () => (await server.call('GET', 'routes/dead-letters')).total;
const newest = async () => (await server.call('GET', 'routes/dead-letters')).items.at(0)?.number;

onPage('a route is made, tried over the past, and says how it does', '/routes', async (page) => {
  await page.getByText('No routes yet.').waitFor();
  await page.getByRole('link', { name: 'Add route' }).first().click();
  const form = page.locator('aside form');
  await form.getByLabel(/^Name/).fill('To the setpoint');
  await form.getByLabel(/^Samples of these tags/).fill(`${SOURCE}\n`);
  await form.getByText(`${SOURCE}: 1 tag`).waitFor();
  await form.getByRole('textbox', { name: 'Condition' }).fill('value >');
  await form.getByText(/^Column \d/).first().waitFor();
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('This must be given').or(form.locator('[role="alert"]')).first().waitFor();
  assert.deepEqual(await routes(), []);

  await form.getByRole('textbox', { name: 'Condition' }).fill('value > -1000');
  await form.getByRole('textbox', { name: 'Transform' }).fill('clamp(20, 60)');
  await form.getByRole('button', { name: 'Choose' }).click();
  await page.getByRole('dialog').getByRole('searchbox').fill('supply_setpoint');
  await page.getByRole('dialog').getByRole('button', { name: target.path }).click();
  await form.getByText('How much and when').click();
  await form.getByLabel(/^At least between/).fill('2,5');
  await form.getByLabel(/^Dry run/).check();
  // Expressions of a route know `value` and paths only: saving would refuse a bare name.
  await form.getByLabel(/^Both ways/).check();
  const back = form.getByRole('textbox', { name: 'Transform on the way back' });
  await back.fill('value + supply_setpoint');
  await form.getByText('nothing here is called "supply_setpoint"').waitFor();
  await form.getByText('another tag is written tag(').first().waitFor();
  await form.getByLabel(/^Both ways/).uncheck();

  await form.getByText('Test bench').click();
  await form.getByRole('button', { name: 'Run test' }).click();
  await form.getByText(/^[1-9][\d,]* samples, [1-9]/).waitFor();
  const row = form.getByRole('region', { name: 'Test bench' }).locator('tbody tr').first();
  assert.match(await row.innerText(), new RegExp(SOURCE));
  assert.deepEqual(await violations(page), []);

  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('link', { name: 'To the setpoint' }).waitFor();
  const [route] = await routes();
  assert.deepEqual(route.from, [SOURCE]);
  assert.deepEqual(route.to, [{ kind: 'tag', tag: target.id }]);
  assert.equal(route.rules.min_interval_ms, 2500);
  assert.equal(route.dry_run, true);
  await page.locator('tbody [data-state="dry_run"]').waitFor();
  const passed = page.getByRole('region', { name: 'How it does' });
  await passed.getByText(/^Held back: (?:not changed|too soon after the last)/).first().waitFor();
  assert.deepEqual(await violations(page), []);
});

onPage('what did not arrive is sent again or thrown away', '/routes/new', async (page) => {
  const form = page.locator('aside form');
  await form.getByLabel(/^Name/).fill('To nobody');
  await form.getByLabel(/^Samples of these tags/).fill(SOURCE);
  await form.getByLabel('Kind').selectOption('webhook');
  // The way out does not lead to the machine itself: every delivery is refused.
  await form.getByLabel(/^Address/).fill('http://127.0.0.1:9/');
  await form.getByLabel(/^Tries/).fill('1');
  await form.getByRole('button', { name: 'Save' }).click();
  await page.locator('tbody [data-state="failing"]').waitFor();
  const route = (await routes()).find(({ name }) => name === 'To nobody');
  // Nothing more comes, so that the letters can be counted when those under way are there.
  await server.call('PUT', `routes/${route.id}`, { ...body(route), when: 'value < -1000000' });
  const before = await settled(letters);

  await page.getByRole('tab', { name: 'Dead letters' }).click();
  await page.getByRole('cell', { name: /^To nobody/ }).first().waitFor();
  await page.getByRole('button', { name: 'Refresh' }).click();
  assert.deepEqual(await violations(page), []);
  assert.ok(0 < before);
  await page.getByRole('checkbox').first().check();
  await page.getByRole('status').filter({ hasText: '1 chosen' }).waitFor();
  await page.getByRole('button', { name: 'Discard', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('They are gone for good').waitFor();
  await dialog.getByRole('button', { name: 'Discard' }).click();
  await page.getByText('1 discarded').waitFor();
  assert.equal(await letters(), before - 1);

  if (1 < before) {
    // They fail again, and come back as others.
    const last = await newest();
    await page.getByRole('button', { name: 'Send all again' }).click();
    await page.getByText(`${before - 1} are sent again`).waitFor();
    await until(async () => (await newest()) !== last);
    assert.equal(await settled(letters), before - 1);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('cell', { name: /^To nobody/ }).first().waitFor();
  }
  await page.getByRole('button', { name: 'Discard all' }).click();
  await dialog.getByRole('button', { name: 'Discard' }).click();
  await page.getByText('Nothing is left over').waitFor();
  assert.equal(await letters(), 0);
});

async function until(isSo) {
  for (let tries = 0; !(await isSo()); tries += 1) {
    assert.ok(tries < 300, 'it does not come to be');
    await sleep(100);
  }
}

/** Returns a number that has not changed for two seconds. */
async function settled(read) {
  let found = await read();
  for (let same = 0; same < 20; same += 1) {
    await sleep(100);
    const next = await read();
    if (next !== found) same = 0;
    found = next;
  }
  return found;
}

/** Returns what of a stored route may be sent. */
function body({ id: _id, revision: _revision, updated_us: _updated, ...rest }) {
  return rest;
}

test('routes are of those who configure', async () => {
  await server.call('POST', 'users', { name: 'op', role: 'operator', password: PASSWORD });
  const session = await open(browser, server, '/routes', { signedIn: false });
  try {
    await signIn(session.page, 'op');
    await session.page.getByRole('heading', { level: 1 }).waitFor();
    assert.ok(!(await rail(session.page)).includes('Routes'));
    assert.equal(await session.page.getByRole('link', { name: 'Add route' }).count(), 0);
  } finally {
    await session.close();
  }
});
