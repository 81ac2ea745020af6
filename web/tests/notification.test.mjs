// Who is told of alarms: channels, rosters and policies.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, open, problemsOf, Server } from './helpers.mjs';

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
const REFUSED = /^console: Failed to load resource: .* (?:400|409|412|422) /;

function onPage(name, path, run, options = {}) {
  test(name, async () => {
    const session = await open(browser, server, path, options);
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
