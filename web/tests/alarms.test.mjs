// Alarms: what raises them, and what is done about them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, open, PASSWORD, Server, signIn, withPage } from './helpers.mjs';

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

const onPage = (name, path, run, options = {}) =>
  test(name, () => withPage(browser, server, path, { mayRefuse: REFUSED, ...options }, run));

const rules = async (query = '') =>
  (await server.call('GET', `alarm-rules?limit=1000${query}`)).items;

const tagPage = () => `/tags/${supply.id}`;

onPage('an alarm rule is made from the panel of its tag', tagPage, async (page) => {
  await page.getByText('No alarm watches this tag.').waitFor();
  await page.getByRole('link', { name: 'Add alarm rule' }).click();
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
  assert.equal(await message.getAttribute('aria-invalid'), 'true');
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

onPage('a rule is tried with the stored samples before it is saved', tagPage, async (page) => {
  await page.getByRole('link', { name: 'Add alarm rule' }).click();
  const form = page.locator('aside form');
  await form.getByText('Test with history').click();
  await form.getByRole('button', { name: 'Run test' }).click();
  await form.getByText('This must be given').first().waitFor();

  await form.getByLabel(/^Name/).fill('Above nothing');
  await form.getByLabel(/^Limit/).fill('-1000');
  await form.getByLabel('Samples of the last').selectOption({ label: '1 h' });
  await form.getByRole('button', { name: 'Run test' }).click();
  await form.getByText('It would have been raised once.').waitFor();
  await form.getByText('It would be active now.').waitFor();
  await form.getByText(/[1-9][\d,]* samples were judged/).waitFor();
  await form.getByRole('img', { name: /raised: 1$/ }).waitFor();
  const step = form.getByRole('region', { name: 'Steps of the test' }).locator('tbody tr').first();
  assert.match(await step.innerText(), /Raised[\s\S]*°C[\s\S]*-1,000/);
  assert.deepEqual(await violations(page), []);

  // With the keyboard, and after a change: what is shown is said to be of another rule.
  await form.getByLabel(/^Limit/).fill('1e9');
  await form.getByText('The rule was changed since this test.').waitFor();
  await form.getByRole('button', { name: 'Run test' }).press('Enter');
  await form.getByText('It would have been raised 0 times.').waitFor();

  // What the hub refuses is said at the field that it is about.
  await form.getByLabel(/^Condition/).selectOption('expression');
  await form.getByRole('textbox', { name: 'Expression' }).fill('value > ');
  await form.getByRole('button', { name: 'Run test' }).click();
  await form.locator('[aria-invalid="true"]').first().waitFor();
  assert.equal((await rules()).length, 1, 'nothing was saved');
  page.once('dialog', (question) => question.accept());
  await form.getByRole('button', { name: 'Cancel' }).click();
});

onPage('only the fields of a kind are there', '/alarm-rules?do=add', async (page) => {
  const form = page.locator('aside form');
  await form.getByLabel(/^Limit/).fill('7');
  await form.getByLabel(/^Condition/).selectOption('stale');
  assert.equal(await form.getByLabel(/^Limit/).count(), 0);
  assert.equal(await form.getByLabel(/^Deadband/).count(), 0);
  await form.getByLabel(/^Without a value for/).fill('0');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('1 to 31,536,000.').waitFor();
  await form.getByLabel(/^Condition/).selectOption('low');
  assert.equal(await form.getByLabel(/^Limit/).inputValue(), '7', 'what was typed comes back');
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

onPage('expressions of a rule are tried while they are written', tagPage, async (page) => {
  await page.getByRole('link', { name: 'Add alarm rule' }).click();
  const form = page.locator('aside form');
  await form.getByLabel(/^Condition/).first().selectOption('expression');
  const text = form.getByRole('textbox', { name: 'Expression' });
  await text.fill('value > supply_setpont');
  await form.getByText('Column 9:').waitFor();
  await form.getByText('did you mean supply_setpoint?').waitFor();
  assert.equal(await text.getAttribute('aria-invalid'), 'true');
  await text.fill('value > supply_setpoint - 1000');
  await form.getByText('gives true or false').waitFor();
  await form.locator('[data-fresh="true"] strong').filter({ hasText: 'true' }).waitFor();
  // The watched tag is called `value`, one beside it goes by its name.
  await text.fill('1 < ');
  await form.getByRole('button', { name: 'Insert tag' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('searchbox').fill('supply_temperature');
  await dialog.getByRole('button', { name: supply.path }).click();
  assert.equal(await text.inputValue(), '1 < value');
  await text.fill('"a text"');
  await form.getByText('gives a text; it must be true or false').first().waitFor();
  await form.getByText('Group, suppression').click();
  const suppress = form.getByRole('textbox', { name: 'Suppressed while' });
  await suppress.fill('supply_setpoint >');
  await form.getByText('Column 18:').waitFor();
  assert.deepEqual(await violations(page), []);
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

onPage('rules are picked and turned off with the keyboard', '/alarm-rules', async (page) => {
  for (const name of ['Pressure low', 'Pressure lower'])
    await server.call('POST', 'alarm-rules', {
      name,
      tag: level.id,
      condition: { kind: 'low', limit: 0.1 },
    });
  await page.keyboard.press('/');
  await page.keyboard.type('pressure');
  await page.waitForURL(/q=pressure$/);
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

/** Alarms on tags of the demonstration that are active at once, the first of them first. */
async function raise() {
  for (const { id } of await rules()) await server.call('DELETE', `alarm-rules/${id}`);
  const setpoint = await server.tag('demo/heating/boiler/supply_setpoint');
  const body = (name, tag, priority, more = {}) => ({
    name,
    tag: tag.id,
    condition: { kind: 'high', limit: -500 },
    priority,
    message: '{tag} is at {value} {unit}',
    ...more,
  });
  await server.call('POST', 'alarm-rules', body('Low one', supply, 4));
  const advice = { cause: 'The valve is stuck.', action: 'Open the bypass.' };
  await server.call('POST', 'alarm-rules', body('Worst one', level, 1, advice));
  await server.call('POST', 'alarm-rules', body('Middle one', setpoint, 3));
  await standing(3, 'unacknowledged');
}

const listed = async (state) => (await server.call('GET', `alarms?state=${state}`)).items;

/** Waits until so many alarms stand so; the hub journals before it shows. */
async function standing(count, state) {
  for (let tries = 0; ; tries += 1) {
    const items = await listed(state);
    if (items.length === count) return items;
    if (100 < tries) throw new Error(`${items.length} alarms are ${state}, not ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const row = (page, name) => page.getByRole('row').filter({ hasText: name });
const names = (page) => page.locator('[role="row"] strong').allInnerTexts();

test('alarms are raised for the tests that follow', raise);

onPage('the frame tells of alarms on every page, live', '/', async (page) => {
  const bar = page.getByRole('region', { name: 'Newest alarm of the highest priority' });
  await bar.getByText('Worst one').waitFor();
  await bar.getByText(/water_pressure is at \d/).waitFor();
  await page.getByText('3 unacknowledged', { exact: true }).waitFor();
  assert.deepEqual(await violations(page), []);
  await bar.getByRole('button', { name: 'Ack' }).click();
  await bar.getByText('Middle one').waitFor();
  await page.getByText('2 unacknowledged', { exact: true }).waitFor();
  assert.deepEqual(
    (await listed('unacknowledged')).map(({ name }) => name),
    ['Middle one', 'Low one'],
  );
  // what somebody else does is seen without a reload
  const [next] = await listed('unacknowledged');
  await server.call('POST', `alarms/${next.id}/acknowledge`, { event: next.event.id });
  await bar.getByText('Low one').waitFor();
  await bar.getByRole('link', { name: 'Show' }).click();
  await page.getByRole('heading', { level: 1, name: 'Alarms' }).waitFor();
  await page.locator('aside').getByRole('heading', { name: 'Low one' }).waitFor();
});

onPage('the list is in the order of what is asked of the operator', '/alarms', async (page) => {
  await row(page, 'Low one').waitFor();
  assert.deepEqual(await names(page), ['Low one', 'Worst one', 'Middle one']);
  await page.getByLabel('Priority', { exact: true }).selectOption('1');
  await page.getByText('1 alarm', { exact: true }).waitFor();
  assert.deepEqual(await names(page), ['Worst one']);
  await page.getByLabel('Priority', { exact: true }).selectOption('2');
  await page.getByText('No alarms match the filter').waitFor();
  await page.getByRole('button', { name: 'Clear filter' }).click();
  await row(page, 'Middle one').waitFor();
});

onPage('an alarm is opened and acknowledged with the keyboard', '/alarms', async (page) => {
  await row(page, 'Low one').waitFor();
  await page.getByRole('grid').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await page.locator('aside').getByText('active, unacknowledged').waitFor();
  await page.keyboard.press('a');
  await page.locator('aside').getByText('active, acknowledged').waitFor();
  await standing(0, 'unacknowledged');
  await page.locator('aside').getByText('Acknowledged', { exact: true }).waitFor();
});

onPage('many are acknowledged with a comment that the journal keeps', '/alarms', async (page) => {
  await raise();
  await page.reload();
  await row(page, 'Worst one').waitFor();
  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('a');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Comment').fill('shift B has seen it');
  assert.deepEqual(await violations(page), []);
  await dialog.getByRole('button', { name: 'Acknowledge 3' }).click();
  await page.getByText('3 alarms were acknowledged').waitFor();
  await standing(0, 'unacknowledged');
  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByText('owner: shift B has seen it').first().waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'CSV' }).click(),
  ]);
  const lines = (await read(download)).split('\r\n');
  assert.match(lines[0], /^number,time,alarm,name/);
  assert.ok(lines.some((line) => line.includes('shift B has seen it')));
});

async function read(download) {
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

onPage('an alarm is shelved with a reason, and comes back', '/alarms', async (page) => {
  await row(page, 'Worst one').click();
  const panel = page.locator('aside');
  await panel.getByText('The valve is stuck.').waitFor();
  await panel.getByText('Open the bypass.').waitFor();
  await panel.getByRole('button', { name: 'Shelve…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: '15 min' }).click();
  await dialog.getByRole('button', { name: 'Shelve', exact: true }).click();
  await dialog.getByText('This must be given').waitFor();
  await dialog.getByRole('textbox', { name: /^For/ }).fill('100000');
  await dialog.getByLabel(/^Reason/).fill('sensor is calibrated');
  await dialog.getByRole('button', { name: 'Shelve', exact: true }).click();
  await dialog.locator('.error, .problem').first().waitFor();
  await dialog.getByRole('button', { name: '15 min' }).click();
  await dialog.getByRole('button', { name: 'Shelve', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await standing(1, 'shelved');
  await page.goto(`${server.url}/alarms/shelved`);
  await row(page, 'Worst one').getByText('owner: sensor is calibrated').waitFor();
  assert.deepEqual(await violations(page), []);
  await row(page, 'Worst one').click();
  await panel.getByRole('button', { name: 'Take off the shelf' }).click();
  await panel.getByText('active, unacknowledged').waitFor();
  await panel.getByRole('button', { name: 'Take out of service' }).click();
  await dialog.getByLabel(/^Reason/).fill('pump is away');
  await dialog.getByRole('button', { name: 'Take out of service' }).click();
  await panel.getByRole('button', { name: 'Put back into service' }).click();
  await standing(3, 'open');
});

onPage('nothing moves under the pointer, and new alarms are counted', '/alarms', async (page) => {
  await row(page, 'Low one').waitFor();
  await page.mouse.move(0, 0);
  await page.getByRole('grid').hover();
  const before = await names(page);
  await server.call('POST', 'alarm-rules', {
    name: 'Just now',
    tag: supply.id,
    condition: { kind: 'high', limit: -400 },
    priority: 1,
  });
  await page.getByRole('button', { name: '1 new' }).waitFor();
  assert.deepEqual(await names(page), before);
  await page.getByRole('button', { name: '1 new' }).click();
  await row(page, 'Just now').waitFor();
  assert.equal((await names(page)).indexOf('Just now'), 0);
});

onPage('a shelf lasts until the shift ends, or until a time of day', '/alarms', async (page) => {
  const panel = page.locator('aside');
  const dialog = page.getByRole('dialog');
  const open = async () => {
    await row(page, 'Low one').click();
    await panel.getByRole('button', { name: 'Shelve…' }).click();
  };
  await open();
  await dialog.getByText('No roster says when your shift ends').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  const ada = { name: 'Ada', email: 'ada@plant.example', account: 'owner' };
  // Whenever the test runs, a shift ends within half a day.
  const shift = (from, to) => ({ people: ['Ada'], hours: { from, to }, on_days_off: 'works' });
  const now = new Date(Date.now()).getUTCHours();
  const [from, to] = now < 12 ? ['00:00', '12:00'] : ['12:00', '00:00'];
  const roster = { name: 'Control room', people: [ada], shifts: [shift(from, to)] };
  await server.call('POST', 'rosters', { ...roster, time_zone: 'UTC' });
  await open();
  const end = dialog.getByRole('button', { name: /^Until the shift ends, / });
  await end.click();
  assert.equal(await end.getAttribute('aria-pressed'), 'true');
  assert.equal(await dialog.getByText('No roster says').count(), 0);
  await dialog.getByLabel(/^Until this time/).fill('23:59');
  assert.equal(await end.getAttribute('aria-pressed'), 'false');
  await end.focus();
  await page.keyboard.press('Enter');
  await dialog.getByLabel(/^Reason/).fill('known since the last shift');
  assert.deepEqual(await violations(page), []);
  // The rule lets nobody shelve for longer than eight hours.
  const rule = (await rules()).find(({ name }) => name === 'Low one');
  const { id, revision: _r, updated_us: _u, path: _p, ...body } = rule;
  await server.call('PUT', `alarm-rules/${id}`, { ...body, shelve_max_s: 86_400 });
  await dialog.getByRole('button', { name: 'Shelve', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  const [shelved] = await standing(1, 'shelved');
  assert.equal(shelved.shelf.until_us % 43_200_000_000, 0, 'noon or midnight');
  await server.call('POST', `alarms/${id}/unshelve`, {});
});

onPage('what chatters is one row with its count', '/alarms', async (page) => {
  const setpoint = await server.tag('demo/heating/boiler/supply_setpoint');
  const write = (value) => server.call('POST', `tags/${setpoint.id}/write`, { value });
  await write(40);
  const condition = { kind: 'high', limit: 60 };
  const flutter = { name: 'Flutter', tag: setpoint.id, condition, priority: 2 };
  await server.call('POST', 'alarm-rules', flutter);
  for (const value of [70, 40, 70, 40, 70]) await write(value);
  const flutterRow = row(page, 'Flutter');
  await flutterRow.getByText(/^3× chattering/).waitFor();
  await flutterRow.getByText(/\d\d:\d\d:\d\d – \d\d:\d\d:\d\d/).waitFor();
  assert.equal(await flutterRow.count(), 1);
  await write(40);
});

onPage('a flood says what is worst and where it comes from', '/alarms', async (page) => {
  for (let number = 0; number < 9; number += 1)
    await server.call('POST', 'alarm-rules', {
      name: `Flood ${number}`,
      tag: number < 6 ? supply.id : level.id,
      condition: { kind: 'high', limit: -600 - number },
      priority: number === 3 ? 1 : 3,
    });
  await page.getByText(/^Flood: \d+ alarms in the last 10 minutes/).waitFor();
  const box = page.getByRole('region', { name: 'Where the flood comes from' });
  await box.getByRole('button', { name: 'Flood 3' }).waitFor();
  assert.deepEqual(await violations(page), []);
  const source = box.getByRole('button', { name: /demo\/heating\/boiler/ });
  await source.focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/area=demo/);
  await box.getByRole('button', { name: 'Flood 3' }).click();
  await page.locator('aside').getByRole('heading', { name: 'Flood 3' }).waitFor();
  // The panel would ask once more for its rule, which is gone.
  await page.goto(`${server.url}/health`);
  for (const { id, name } of await rules())
    if (/^Fl(?:ood|utter)/.test(name)) await server.call('DELETE', `alarm-rules/${id}`);
});

onPage('figures stand beside their references', '/alarms/statistics', async (page) => {
  const { load } = await server.call('GET', 'alarms/statistics?operators=1');
  const figure = page.locator('.figure').filter({ hasText: 'Most in 10 min' });
  await figure.getByText(String(load.period_peak), { exact: true }).waitFor();
  await page.getByRole('img', { name: /^At most \d+ alarms in 10 minutes/ }).waitFor();
  await page.getByText('Worst one').first().waitFor();
  await page.getByLabel('Operators').fill('2');
  await page.getByText('20 · overloaded').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'CSV' }).click(),
  ]);
  assert.match(await read(download), /load,events,\d+/);
});

test('an operator acts on alarms, a viewer only looks', async () => {
  for (const role of ['operator', 'viewer']) {
    await server.call('POST', 'users', { name: role, role, password: PASSWORD });
    const session = await open(browser, server, '/alarms', { signedIn: false });
    const { page } = session;
    try {
      await signIn(page, role);
      await row(page, 'Just now').click();
      await page.locator('aside').getByText('What happened').waitFor();
      const acts = await page.getByRole('button', { name: /^(?:Ack|Shelve|Acknowledge)/ }).count();
      assert.equal(0 < acts, role === 'operator', role);
      const pages = await page.locator('nav.rail a').allInnerTexts();
      assert.ok(pages.includes('Alarms') && !pages.includes('Alarm rules'), role);
    } finally {
      await session.close();
    }
  }
});
