// Who is told of alarms: channels, rosters and policies.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, Server, withPage } from './helpers.mjs';

/** Channels may lead to this machine here. */
const server = new Server({}, '[outbound]\nallow = ["127.0.0.1/32"]\n');
/** A chat that answers, and notes what it got. */
const got = [];
let status = 200;
const chat = createServer((request, answer) => {
  let body = '';
  request.on('data', (part) => (body += part));
  request.on('end', () => {
    got.push(body);
    answer.writeHead(status, { 'content-type': 'text/plain' });
    answer.end(status === 200 ? 'thanks' : 'this room is closed');
  });
});
let browser;

before(async () => {
  await new Promise((resolve) => chat.listen(0, '127.0.0.1', resolve));
  await server.start();
  browser = await launch();
});

after(async () => {
  chat.close();
  await browser?.close();
  await server.end();
});

/** A refusal that the page shows is told by the console too. */
const REFUSED = /^console: Failed to load resource: .* (?:400|409|412|422) /;

const onPage = (name, path, run, options = {}) =>
  test(name, () => withPage(browser, server, path, { mayRefuse: REFUSED, ...options }, run));

const list = async (path) => (await server.call('GET', path)).items;

onPage('a channel is made of a ready-made one', '/notification', async (page) => {
  await page.getByText('No channels yet.').waitFor();
  await page.getByRole('link', { name: 'Add channel' }).first().click();
  const form = page.locator('aside form');
  await form.getByLabel('Kind').selectOption('webhook');
  const { items: presets } = await server.call('GET', 'channel-presets');
  const [preset] = presets;
  await form.getByLabel('Ready-made').selectOption({ label: preset.name });
  await form.getByText(preset.hint).waitFor();
  assert.equal(await form.getByLabel(/^Body(?! is)/).inputValue(), preset.webhook.body);
  await form.getByLabel(/^Body(?! is)/).fill('{ "text": "{titel}" }');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.locator('[aria-invalid="true"]').waitFor();
  await form.getByLabel(/^Body(?! is)/).fill('{ "text": "{title}" }');
  await form.getByLabel(/^Name/).fill('Chat of the shift');
  assert.deepEqual(await violations(page), []);
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('link', { name: 'Chat of the shift' }).waitFor();
  const [channel] = await list('channels');
  assert.equal(channel.target.url, preset.webhook.url);
  assert.equal(channel.target.body, '{ "text": "{title}" }');
});

onPage('a roster says who is on duty', '/notification/rosters/new', async (page) => {
  const form = page.locator('aside form');
  await form.getByLabel(/^Name/).first().fill('Night');
  await form.getByLabel(/^Name/).nth(1).fill('Ada');
  await form.getByLabel(/^E-mail/).fill('nobody');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.locator('input[type="email"][aria-invalid="true"]').waitFor();
  await form.getByLabel(/^E-mail/).fill('ada@example.org');
  await form.getByRole('button', { name: 'Add shift' }).click();
  assert.ok(await form.getByRole('checkbox', { name: 'Ada' }).isChecked());
  await form.getByLabel('From').fill('00:00');
  await form.getByLabel('to', { exact: true }).fill('00:00');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('On duty now: Ada').waitFor();
  assert.deepEqual(await violations(page), []);
  const [roster] = await list('rosters');
  assert.deepEqual(roster.shifts[0].people, ['Ada']);
  assert.equal(roster.shifts[0].hours.to, '00:00');
});

onPage('a policy names who is told, step by step', '/notification/policies/new', async (page) => {
  const form = page.locator('aside form');
  await form.getByLabel(/^Name/).first().fill('Urgent');
  await form.getByRole('checkbox', { name: 'Critical' }).check();
  await form.getByLabel(/^Areas/).fill('demo/**\n');
  await form.getByLabel(/^Channel/).selectOption({ label: 'Chat of the shift' });
  await form.getByRole('button', { name: 'Add step' }).click();
  assert.equal(await form.getByLabel(/^After/).nth(1).inputValue(), '15');
  await form.getByLabel(/^Channel/).nth(1).selectOption({ label: 'Chat of the shift' });
  await form.getByText('Quiet hours').click();
  assert.deepEqual(await violations(page), []);
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('cell', { name: /^at once: Chat of the shift → 15 min/ }).waitFor();
  const [policy] = await list('notification-policies');
  assert.deepEqual(policy.priorities, [1]);
  assert.deepEqual(policy.areas, ['demo/**']);
  assert.deepEqual(policy.quiet.through, [1]);
  assert.deepEqual(
    policy.steps.map(({ after_min: after }) => after),
    [0, 15],
  );

  // a channel that a policy needs stays, and the page says why
  await page.getByRole('tab', { name: 'Channels' }).click();
  await page.getByRole('link', { name: 'Chat of the shift' }).click();
  await page.locator('aside').getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('alert').waitFor();
  assert.equal((await list('channels')).length, 1);
});

onPage('a channel is tested, and the answer is shown as it came', '/notification', async (page) => {
  const [channel] = await list('channels');
  const { id: _id, revision: _revision, updated_us: _updated, ...body } = channel;
  const url = `http://127.0.0.1:${chat.address().port}/room`;
  await server.call('PUT', `channels/${channel.id}`, {
    ...body,
    target: { ...body.target, url, headers: {} },
  });
  await page.reload();
  await page.getByRole('link', { name: 'Chat of the shift' }).click();
  const test = page.getByRole('region', { name: 'Send a test' });
  await test.getByRole('button', { name: 'Send a test' }).focus();
  await page.keyboard.press('Enter');
  await test.getByText('It was taken').waitFor();
  await test.locator('pre').filter({ hasText: '200' }).waitFor();
  assert.equal(got.length, 1);
  assert.match(JSON.parse(got[0]).text, /Test message/);
  status = 404;
  await test.getByRole('button', { name: 'Send a test' }).click();
  await test.getByText('It was not taken').waitFor();
  assert.match(await test.locator('pre').innerText(), /404/);
  assert.deepEqual(await violations(page), []);
  await page.locator('aside form').getByLabel(/^Name/).fill('Renamed');
  await test.getByText('The channel is tested as it is saved').waitFor();
});

onPage('every message is listed with its tries and its answer', '/notification', async (page) => {
  await page.getByRole('tab', { name: 'Channels' }).focus();
  await page.keyboard.press('ArrowLeft');
  await page.waitForURL(/\/notification\/deliveries$/);
  const rows = page.getByRole('table', { name: 'Deliveries' }).locator('tbody tr');
  await rows.nth(1).waitFor();
  assert.match(await rows.nth(0).innerText(), /given up[\s\S]*1 try[\s\S]*Chat of the shift/);
  assert.match(await rows.nth(1).innerText(), /sent[\s\S]*Test of the channel/);
  await page.getByText('0 waiting · 1 sent · 1 given up').waitFor();
  await page.getByLabel('Outcome').selectOption({ label: 'sent' });
  await page.waitForURL(/state=sent/);
  await rows.nth(1).waitFor({ state: 'detached' });
  await page.reload();
  await rows.first().waitFor();
  assert.equal(await rows.count(), 1, 'the address keeps the filter');
  await page.getByLabel('Outcome').selectOption({ label: 'waits' });
  await page.getByText('No delivery matches the filter').waitFor();
  await page.getByRole('button', { name: 'Clear filter' }).click();
  await rows.nth(1).waitFor();
  assert.equal(await page.getByText('No mail server is set up').count(), 0, 'nobody needs one');
  assert.deepEqual(await violations(page), []);
});

onPage('who makes an e-mail channel is told what it needs', '/notification', async (page) => {
  await page.getByRole('link', { name: 'Add channel' }).first().click();
  const box = page.getByRole('region', { name: 'No mail server is set up' });
  await box.getByText('Lines for the settings file').click();
  assert.match(await box.locator('pre').innerText(), /\[mail\]\nhost = /);
  const form = page.locator('aside form');
  await form.getByLabel('Kind').selectOption('webhook');
  await box.waitFor({ state: 'detached' });
  await form.getByLabel('Kind').selectOption('email');
  await form.getByLabel(/^Name/).fill('Mail');
  await form.getByLabel(/^Also to/).fill('team@plant.example');
  await form.getByRole('button', { name: 'Save' }).click();
  const test = page.getByRole('region', { name: 'Send a test' });
  await test.getByLabel(/^Test to/).fill('ada@plant.example');
  await test.getByRole('button', { name: 'Send a test' }).click();
  await test.getByText(/name one in \[mail\]/).waitFor();
  await page.getByRole('tab', { name: 'Deliveries' }).click();
  await page.getByRole('cell', { name: /ada@plant.example/ }).waitFor();
  await box.waitFor();
});
