// What each may see and do: settings, devices by role, wall screens of a part of the plant, and the
// QR code of an authenticator.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import decodeQr from 'qr/decode.js';
import { violations } from './axe.mjs';
import { launch, open, PASSWORD, rail, Server, signIn, withPage } from './helpers.mjs';

const KEY = 'canarysentrykey';
const server = new Server(
  { HEADWORKS__TELEMETRY__SENTRY_DSN: `http://${KEY}@127.0.0.1:1/7` },
  '[historian]\ngroup_commit_ms = 500\n',
);
const skip = server.isOurs ? false : 'the accounts of another server are not ours';
let browser;

before(async () => {
  if (skip) return;
  await server.start();
  for (const name of ['viewer', 'operator', 'scanner']) await addUser(name);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server.end();
});

function addUser(name) {
  const role = name === 'scanner' ? 'viewer' : name;
  return server.call('POST', 'users', { name, role, password: PASSWORD });
}

/** Whoever is not signed in yet is refused first, and the console tells of it. */
const SIGNED_OUT = /^console: Failed to load resource: .* 401 /;

const onPage = (name, path, run, options = {}) =>
  test(name, { skip }, () => {
    const given = { mayRefuse: SIGNED_OUT, signedIn: false, ...options };
    return withPage(browser, server, path, given, run);
  });

const asOwner = { signedIn: true };

onPage(
  'the settings are found by words, say where they come from, and hide secrets',
  '/settings',
  async (page) => {
    const row = (key) => page.locator(`[data-setting="${key}"]`);
    await row('server.listen').waitFor();
    assert.ok(40 < (await page.locator('[data-setting]').count()));
    await row('server.listen').getByText('--listen').waitFor();
    assert.match(await page.locator('[data-file]').innerText(), /^\/.*\.toml$/);
    const commit = row('historian.group_commit_ms');
    assert.equal(await commit.locator('[data-value]').innerText(), '500');
    await commit.getByText('From the settings file').waitFor();
    await commit.getByText('Default: 1000').waitFor();
    const dsn = row('telemetry.sentry_dsn');
    await dsn.getByText('Set, and never shown').waitFor();
    await dsn.getByText('HEADWORKS__TELEMETRY__SENTRY_DSN', { exact: true }).waitFor();
    assert.ok(!(await page.content()).includes(KEY));
    assert.equal(await row('database.url').locator('[data-value]').innerText(), 'Not set');
    await page.getByLabel('Search settings').fill('minutes between BACKUPS');
    await row('server.listen').waitFor({ state: 'detached' });
    assert.equal(await page.locator('[data-setting]').count(), 1);
    assert.equal(await row('backup.every_minutes').locator('[data-value]').innerText(), '0');
    assert.match(page.url(), /q=minutes/);
    await page.getByLabel('Search settings').fill('no such words');
    await page.getByText('No setting matches the search').waitFor();
    await page.getByRole('button', { name: 'Clear filter' }).click();
    await page.getByLabel('Only those that were given a value').check();
    await row('runtime.workers').waitFor({ state: 'detached' });
    await row('data.directory').waitFor();
  },
  asOwner,
);

onPage('settings are for administrators', '/settings', async (page) => {
  await signIn(page, 'operator');
  await page.getByText('This page needs the role Administrator').waitFor();
  assert.ok(!(await rail(page)).includes('Settings'));
});

onPage('an operator has a device asked, a viewer only looks', '/devices', async (page) => {
  await signIn(page, 'operator');
  const { items } = await server.call('GET', 'devices');
  await page.getByRole('link', { name: items[0].name, exact: true }).click();
  const panel = page.locator('aside');
  await panel.getByRole('button', { name: 'Poll now' }).click();
  await panel.getByRole('status').filter({ hasText: /\d+ tags read/ }).waitFor();
  for (const name of ['Delete', 'Disable']) {
    assert.equal(await panel.getByRole('button', { name }).count(), 0, name);
  }
  assert.equal(await panel.getByRole('tab', { name: 'Settings' }).count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Add device' }).count(), 0);
  await panel.getByRole('tab', { name: 'Tags' }).click();
  await panel.locator('.tags a').first().waitFor();
  assert.equal(await panel.getByRole('link', { name: 'Add tag' }).count(), 0);
  // What only an administrator may open leads to nothing that could be changed.
  await page.goto(`${server.url}/devices/${items[0].id}?tab=settings`);
  await panel.getByRole('button', { name: 'Poll now' }).waitFor();
  await page.goto(`${server.url}/devices?do=add`);
  await page.getByRole('link', { name: items[0].name, exact: true }).waitFor();
  assert.equal(await page.locator('aside').count(), 0);
  assert.deepEqual(await violations(page), []);
});

onPage('a viewer sees devices and cannot have them asked', '/devices', async (page) => {
  await signIn(page, 'viewer');
  const { items } = await server.call('GET', 'devices');
  await page.getByRole('link', { name: items[0].name, exact: true }).click();
  await page.locator('aside').getByText('Requests', { exact: true }).waitFor();
  assert.equal(await page.locator('aside').getByRole('button', { name: 'Poll now' }).count(), 0);
});

/** Makes a dashboard of a tag that the wall screen sees, one it does not, and a chart of both. */
async function makeWall() {
  const seen = await server.tag('demo/heating/boiler/supply_temperature');
  const hidden = await server.tag('demo/water/tank/level');
  const tile = (type, title, x, tags) => ({
    type,
    title,
    x,
    y: 0,
    w: 4,
    h: 3,
    bindings: tags.map(({ id }) => ({ tag: id })),
  });
  const widgets = [
    tile('value', 'Own', 0, [seen]),
    tile('value', 'Tank of others', 4, [hidden]),
    tile('line', 'Both', 8, [seen, hidden]),
  ];
  const groups = [
    { name: 'Hall', widgets },
    { name: 'Hall of others', widgets: [tile('value', 'Tank of others', 0, [hidden])] },
  ];
  const board = await server.call('POST', 'dashboards', { name: 'Wall', order: -1, groups });
  const { secret } = await server.call('POST', 'tokens', {
    name: 'Narrow wall',
    kind: 'kiosk',
    role: 'viewer',
    read: ['demo/heating/**'],
  });
  return { board, secret, seen };
}

onPage('a wall screen of a part of the plant shows that part, and where it has no right',
  '/', async (page) => {
  const { board, secret, seen } = await makeWall();
  const refused = [];
  page.on('response', (answer) => {
    if (400 <= answer.status()) refused.push(`${answer.status()} ${answer.url()}`);
  });
  try {
    await page.goto(`${server.url}/?#kiosk=${secret}`);
    const tiles = page.locator('.tile');
    await tiles.locator('.live[data-state="good"]').first().waitFor();
    await page.getByText('This screen may not show this tag').waitFor();
    assert.equal(await tiles.count(), 3);
    assert.equal(await page.locator('[data-tile="denied"]').count(), 1);
    assert.ok(!(await page.locator('main').innerText()).includes('of others'));
    await tiles.nth(2).locator('canvas').waitFor();
    // The panel of a tag shows what is of the tag.
    await tiles.first().getByRole('button').first().click();
    await page.locator('aside .live[data-state="good"]').waitFor();
    assert.equal(await page.locator('aside').getByText('Source').count(), 0);
    await page.goto(`${server.url}/?tag=${seen.id}`);
    await page.locator('aside canvas').waitFor();
    assert.deepEqual(await violations(page), []);
    await page.goto(`${server.url}/d/auto`);
    await tiles.locator('.live[data-state="good"]').first().waitFor();
    await page.goto(`${server.url}/storage`);
    await page.getByText('This screen sees a part of the tags').waitFor();
    assert.equal(await page.locator('.toast').count(), 0);
    assert.deepEqual(refused, []);
  } finally {
    await server.call('DELETE', `dashboards/${board.id}`);
  }
});

onPage('the QR code of an authenticator can be read, and the code it makes is taken',
  '/account', async (page) => {
  await signIn(page, 'scanner');
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).host));
  await page.getByRole('button', { name: 'Set up an authenticator' }).click();
  const code = page.getByRole('img', { name: 'QR code of the secret for an authenticator app' });
  await code.waitFor();
  const url = readCode(await pixelsOf(page, await code.screenshot()));
  assert.match(url, /^otpauth:\/\/totp\//);
  const secret = new URL(url).searchParams.get('secret');
  const groups = await page.locator('pre').first().innerText();
  assert.match(groups, /^(?:[A-Z2-7]{4} )+[A-Z2-7]{1,4}$/);
  assert.equal(groups.replaceAll(' ', ''), secret);
  assert.deepEqual([...new Set(asked)], [new URL(server.url).host]);

  await page.locator('input[name="code"]').fill(oneTimeCode(secret));
  await page.locator('input[name="password"]').fill(PASSWORD);
  await page.getByRole('button', { name: 'Use one-time codes' }).click();
  await page.getByText('From now on signing in needs a one-time code').waitFor();
  await page.getByRole('button', { name: 'Remove the authenticator' }).click();
  await page.locator('input[name="password"]').fill(PASSWORD);
  await page.getByRole('button', { name: 'Remove the authenticator' }).click();
  await page.getByText('The authenticator was removed').waitFor();
  await server.signIn('scanner', PASSWORD);
});

/** Returns the pixels of a picture. */
function pixelsOf(page, png) {
  return page.evaluate(async (bytes) => {
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    return { width, height, data: [...context.getImageData(0, 0, width, height).data] };
  }, [...png]);
}

const readCode = ({ data, ...size }) => decodeQr({ ...size, data: Uint8Array.from(data) });

/** Returns the code that an app shows now for a secret (RFC 6238). */
function oneTimeCode(secret) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((one) => alphabet.indexOf(one).toString(2).padStart(5, '0'));
  const bytes = bits.join('').match(/.{8}/g).map((byte) => Number.parseInt(byte, 2));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac('sha1', Buffer.from(bytes)).update(step).digest();
  const at = hash.at(-1) & 15;
  return String((hash.readUInt32BE(at) & 0x7fff_ffff) % 1e6).padStart(6, '0');
}
