// Alarms: what raises them, and what is done about them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, open, problemsOf, Server } from './helpers.mjs';

const server = new Server();
let browser;
let supply;
let level;

before(async () => {
  await server.start();
  supply = await server.tag('demo/heating/boiler/supply_temperature');
  level = await server.tag('demo/heating/boiler/water_pressure');
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server.end();
});

/** A refusal that the page shows is told by the console too. */
const REFUSED = /^console: Failed to load resource: .* (?:409|412|422) /;

function onPage(name, path, run, options = {}) {
  test(name, async () => {
    const where = typeof path === 'function' ? path() : path;
    const session = await open(browser, server, where, options);
    try {
      await run(session.page);
      const problems = await problemsOf(session);
      assert.deepEqual(
        problems.filter((problem) => !REFUSED.test(problem)),
        [],
      );
    } finally {
      await session.close();
    }
  });
}

const rules = async (query = '') =>
  (await server.call('GET', `alarm-rules?limit=1000${query}`)).items;

onPage('an alarm rule is made from the panel of its tag', () => `/tags/${supply.id}`, async (page) => {
  await page.getByText('No alarm watches this tag.').waitFor();
  await page.getByRole('link', { name: 'Add alarm' }).click();
  const form = page.locator('aside form');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('This must be given').first().waitFor();
  assert.equal(await form.locator('[aria-invalid="true"]').count(), 2, 'name and limit');
  assert.equal((await rules()).length, 0);

  await form.getByLabel(/^Name/).fill('Supply too hot');
  await form.getByLabel(/^Limit/).fill('85,5');
  await form.getByLabel(/^Deadband/).fill('2');
  await form.getByText('is above 85.5 °C.').waitFor();
  await form.getByRole('radio', { name: 'Critical' }).check();
  await form.getByText('Delays, latching, re-alarm').click();
  await form.getByLabel(/^On-delay/).fill('1.5');
  await form.getByText('That must hold for 1.5 s first.').waitFor();
  await form.getByText('Text for the operator').click();
  await form.getByLabel('Message', { exact: true }).fill('{tag} at {valu} ');
  await form.getByRole('button', { name: '{unit}' }).click();
  assert.deepEqual(await violations(page), []);
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText(/is unknown/).first().waitFor();
  const message = form.getByLabel('Message', { exact: true });
  assert.equal(await message.getAttribute('aria-invalid'), 'true', 'the server’s word at its field');
  await message.fill('{tag} at {value} {unit}');
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Duplicate' }).waitFor();

  const [rule] = await rules(`&tag=${supply.id}`);
  assert.deepEqual(rule.condition, { kind: 'high', limit: 85.5 });
  assert.equal(rule.priority, 1);
  assert.equal(rule.on_delay_ms, 1500);
  assert.equal(rule.deadband, 2);
  await page.goto(`${server.url}/tags/${supply.id}`);
  await page.getByRole('link', { name: 'Supply too hot' }).waitFor();
});

onPage('only the fields of a kind are there, and what was typed comes back', '/alarm-rules?do=add', async (page) => {
  const form = page.locator('aside form');
  await form.getByLabel(/^Limit/).fill('7');
  await form.getByLabel(/^Condition/).selectOption('stale');
  assert.equal(await form.getByLabel(/^Limit/).count(), 0);
  assert.equal(await form.getByLabel(/^Deadband/).count(), 0);
  await form.getByLabel(/^Without a value for/).fill('0');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('1 to 31,536,000.').waitFor();
  await form.getByLabel(/^Condition/).selectOption('low');
  assert.equal(await form.getByLabel(/^Limit/).inputValue(), '7');
  await form.getByText('As another tag says').click();
  await form.getByRole('button', { name: 'Choose…' }).last().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Search tags').fill('supply_setpoint');
  await dialog.getByRole('button', { name: /supply_setpoint/ }).click();
  await form.getByText(/is below demo\/heating\/boiler\/supply_setpoint\./).waitFor();
  page.once('dialog', (question) => question.accept());
  await form.getByRole('button', { name: 'Cancel' }).click();
  await form.waitFor({ state: 'detached' });
});

onPage('a rule is copied to every tag of a pattern as one change', '/alarm-rules', async (page) => {
  const [rule] = await rules(`&tag=${supply.id}`);
  await page.getByRole('grid').getByText('Supply too hot').click();
  await page.getByRole('button', { name: 'Copy to other tags…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^Tags/).fill('demo/heating/boiler/*_temperature');
  await dialog.getByText('Tried: this will work').waitFor();
  await dialog.getByRole('button', { name: /^Add \d+ alarms$/ }).click();
  await dialog.waitFor({ state: 'detached' });
  const copies = (await rules()).filter(({ id }) => id !== rule.id);
  assert.ok(2 < copies.length, `${copies.length}`);
  for (const copy of copies) assert.deepEqual(copy.condition, rule.condition);
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await page.getByText('It was taken back').waitFor();
  assert.deepEqual((await rules()).map(({ id }) => id), [rule.id]);
});

onPage('rules are found, picked, turned off and deleted with the keyboard', '/alarm-rules', async (page) => {
  for (const name of ['Pressure low', 'Pressure lower'])
    await server.call('POST', 'alarm-rules', {
      name,
      tag: level.id,
      condition: { kind: 'low', limit: 0.1 },
    });
  await page.keyboard.press('/');
  await page.keyboard.type('pressure');
  await page.getByText('2 alarm rules').waitFor();
  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+a');
  await page.getByText('2 picked').waitFor();
  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByText('2 alarm rules were changed').waitFor();
  assert.ok((await rules(`&tag=${level.id}`)).every(({ enabled }) => enabled === false));
  await page.getByRole('grid').focus();
  await page.keyboard.press('Enter');
  await page.getByText('At present it is not watched.').waitFor();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('1 alarm rule', { exact: true }).waitFor();
  assert.equal((await rules(`&tag=${level.id}`)).length, 1);
});
