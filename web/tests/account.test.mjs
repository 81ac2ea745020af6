// People: set-up, signing in and out, sessions that end, menus by role, wall screens.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import {
  fill,
  launch,
  open,
  OWNER,
  PASSWORD,
  rail,
  Server,
  signIn,
  withPage,
} from './helpers.mjs';

const server = new Server();
const fresh = new Server();
const skip = server.isOurs ? false : 'the accounts of another server are not ours';
let browser;

before(async () => {
  if (skip) return;
  await Promise.all([server.start(), fresh.launch()]);
  for (const role of ['viewer', 'operator', 'admin']) await addUser(role, role);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await Promise.all([server.end(), fresh.end()]);
});

function addUser(name, role, more = {}) {
  return server.call('POST', 'users', { name, role, password: PASSWORD, ...more });
}

/** A refused request is the matter of most tests here, and the console tells of it. */
const REFUSED = /^console: Failed to load resource: .* 4\d\d /;

const onPage = (name, path, run, options = {}) =>
  test(name, { skip }, () => {
    const given = { mayRefuse: REFUSED, signedIn: false, ...options };
    return withPage(browser, server, path, given, run);
  });

const VIEWER = [
  'Dashboards',
  'Alarms',
  'Trends',
  'Tags',
  'Devices',
  'Assets',
  'Groups',
  'Templates',
  'Calculated tags',
  'Tags from files',
  'Changes',
  'Storage',
  'System health',
  'Tokens',
];

onPage(
  'a hub is set up with the token of its console',
  '/',
  async (page) => {
    await page.getByRole('heading', { name: 'Set up' }).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByLabel('Set-up token').fill('AAAAA-BBBBB-CCCCC-DDDDD');
    await page.getByLabel('Name to sign in with').fill('an owner');
    await page.getByLabel('Full name').fill('Olga Owner');
    await page.locator('input[name="password"]').fill(OWNER.password);
    const create = page.getByRole('button', { name: 'Create the owner' });
    await create.click();
    await page.locator('[aria-invalid="true"]').first().waitFor();

    await page.getByLabel('Name to sign in with').fill('olga');
    await create.click();
    await page.getByText('This is not the set-up token of this server').waitFor();

    // The link of the console brings the token along, and no trace of it stays in the address.
    await page.goto(`${fresh.url}/#setup=${await fresh.setUpToken()}`);
    await page.reload();
    await page.goto(`${fresh.url}/?#setup=${await fresh.setUpToken()}`);
    await page.getByLabel('Name to sign in with').fill('olga');
    await page.locator('input[name="password"]').fill('short');
    await create.click();
    await page.locator('input[name="password"][aria-invalid="true"]').waitFor();
    await page.locator('input[name="password"]').fill(OWNER.password);
    assert.equal(await page.evaluate(() => location.hash), '');
    await create.click();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Show the first dashboard' }).click();
    await page.locator('.tile').first().waitFor();
    await page.reload();
    await page.locator('.tile').first().waitFor();
  },
  { server: fresh },
);

onPage('a wrong password is told, and a right one opens the page of the address',
  '/health', async (page) => {
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.deepEqual(await violations(page), []);
  assert.equal(await page.locator('nav.rail').count(), 0);
  await fill(page, 'viewer', 'not the password');
  await page.getByRole('alert').getByText('Name or password are wrong').waitFor();
  await signIn(page, 'viewer');
  await page.getByRole('heading', { name: 'System health' }).waitFor();
  await page.locator('[data-link="live"]').waitFor();
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.doesNotMatch(kept, /hw[ar]_/);
});

onPage('signing out leads to the sign-in, and going back shows nothing', '/', async (page) => {
  await signIn(page, 'viewer');
  await page.getByRole('button', { name: 'Account of viewer' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

onPage('a session that ends in the middle of a form costs nothing that was typed',
  '/', async (page) => {
  await signIn(page, 'admin');
  await page.goto(`${server.url}/tags?do=add`);
  const field = page.getByLabel('Name *', { exact: true });
  await field.fill('typed before the end');
  const { items } = await server.call('GET', 'users?search=admin');
  await server.call('DELETE', `users/${items[0].id}/sessions`);

  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.waitFor();
  assert.deepEqual(await violations(page), []);
  assert.equal(await dialog.locator('input[name="username"]').inputValue(), 'admin');
  await dialog.locator('input[name="password"]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await field.inputValue(), 'typed before the end');
  await page.locator('[data-link="live"]').waitFor();
});

onPage('two tabs renew one session once', '/', async (page) => {
  await signIn(page, 'operator');
  const other = await page.context().newPage();
  await other.goto(`${server.url}/tags`);
  await other.locator('[data-link="live"]').waitFor();
  const renewals = [];
  const note = (request) =>
    request.url().endsWith('/session/refresh') && renewals.push(request.url());
  page.on('request', note);
  other.on('request', note);
  // Without its access cookie a browser has to renew: both tabs ask at the same moment.
  const cookies = await page.context().cookies();
  const access = cookies.filter(({ name }) => !name.includes('refresh'));
  // In one step: whatever a tab asks meanwhile has the one cookie and not the other.
  await page.context().addCookies(access.map((cookie) => ({ ...cookie, expires: 1 })));
  const left = await page.context().cookies();
  assert.equal(left.length, cookies.length - access.length);
  await Promise.all(
    [page, other].map((tab) => tab.locator('nav.rail').getByText('System health').click()),
  );
  await Promise.all(
    [page, other].map((tab) => tab.getByText('History store').waitFor()),
  );
  assert.equal(renewals.length, 1);
  const { items } = await server.call('GET', 'users?search=operator');
  const sessions = await server.call('GET', `users/${items[0].id}/sessions`);
  assert.equal(sessions.items.length, 1);

  await server.call('DELETE', `users/${items[0].id}/sessions`);
  const dialogs = [page, other].map((tab) => tab.getByRole('dialog', { name: 'Sign in again' }));
  await Promise.all(dialogs.map((dialog) => dialog.waitFor()));
  await dialogs[0].locator('input[name="password"]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  // The other tab notices that somebody signed in.
  await Promise.all(dialogs.map((dialog) => dialog.waitFor({ state: 'detached' })));
});

onPage('a viewer finds nothing that a viewer may not do', '/', async (page) => {
  await signIn(page, 'viewer');
  assert.deepEqual(await rail(page), VIEWER);
  await page.goto(`${server.url}/backups`);
  const denied = 'This page needs the role Administrator; you have the role Viewer';
  await page.getByText(denied).waitFor();
  assert.deepEqual(await violations(page), []);
  const tag = await server.tag('demo/heating/boiler/supply_setpoint');
  await page.goto(`${server.url}/tags/${tag.id}`);
  await page.getByRole('heading', { name: 'supply_setpoint' }).waitFor();
  for (const name of ['Add tag', 'Edit', 'Delete', 'Write…', 'Add many']) {
    assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name);
    assert.equal(await page.getByRole('link', { name, exact: true }).count(), 0, name);
  }
  await page.keyboard.press('Control+k');
  const hits = await page.locator('[role="option"]').allInnerTexts();
  assert.ok(!hits.some((hit) => hit.includes('Backups')), hits.join());
});

onPage('an operator writes where the account may, and configures nothing', '/', async (page) => {
  await addUser('boilerman', 'operator', { write: ['demo/heating/**'] });
  await signIn(page, 'boilerman');
  assert.deepEqual(await rail(page), [
    ...VIEWER.slice(0, VIEWER.indexOf('Storage')),
    'Import & export',
    ...VIEWER.slice(VIEWER.indexOf('Storage')),
  ]);
  const own = await server.tag('demo/heating/boiler/supply_setpoint');
  await page.goto(`${server.url}/tags/${own.id}`);
  await page.getByRole('button', { name: 'Write…' }).waitFor();
  const { items } = await server.call('GET', 'tags?limit=1000');
  const foreign = items.find(({ writable, path }) => writable && !path.startsWith('demo/heating/'));
  await page.goto(`${server.url}/tags/${foreign.id}`);
  await page.getByRole('heading', { name: foreign.name }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Write…' }).count(), 0);
  await page.goto(`${server.url}/exchange`);
  await page.getByRole('tab', { name: 'Export' }).waitFor();
  assert.equal(await page.getByRole('tab', { name: 'Import' }).count(), 0);
});

onPage('an administrator configures', '/', async (page) => {
  await signIn(page, 'admin');
  const pages = await rail(page);
  for (const name of ['Connections', 'Devices', 'Backups']) assert.ok(pages.includes(name), name);
  await page.goto(`${server.url}/tags`);
  await page.getByRole('link', { name: 'Add tag' }).waitFor();
});

onPage('a password given by somebody else is changed first', '/', async (page) => {
  await addUser('newcomer', 'viewer', { must_change_password: true });
  await fill(page, 'newcomer', PASSWORD);
  await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
  assert.deepEqual(await violations(page), []);
  await page.locator('input[name="current"]').fill(PASSWORD);
  await page.locator('input[name="new"]').fill('short');
  await page.keyboard.press('Enter');
  await page.locator('input[name="new"][aria-invalid="true"]').waitFor();
  await page.locator('input[name="new"]').fill('a much better secret');
  await page.keyboard.press('Enter');
  await page.locator('.tile').first().waitFor();
  await page.locator('[data-link="live"]').waitFor();
});

onPage('a wall screen shows values and nothing else', '/', async (page) => {
  const { secret } = await server.call('POST', 'tokens', {
    name: 'Hall 3',
    kind: 'kiosk',
    role: 'viewer',
  });
  await page.goto(`${server.url}/?#kiosk=${secret}`);
  await page.locator('.tile .live[data-state="good"]').first().waitFor();
  assert.equal(await page.locator('nav, header').count(), 0);
  assert.equal(await page.evaluate(() => location.hash), '');
  await page.reload();
  await page.locator('.tile .live[data-state="good"]').first().waitFor();
  const { items } = await server.call('GET', 'tokens');
  await server.call('DELETE', `tokens/${items.find(({ name }) => name === 'Hall 3').id}`);
  await page.getByText('The link of this wall screen does not work, or no longer.').waitFor();
});

onPage('sessions of one\'s own are listed and ended', '/', async (page) => {
  await addUser('traveller', 'viewer');
  const elsewhere = await server.signIn('traveller', PASSWORD);
  await signIn(page, 'traveller');
  await page.getByRole('button', { name: 'Account of traveller' }).click();
  await page.getByRole('link', { name: 'My account' }).click();
  await page.getByText('This browser').waitFor();
  assert.equal(await page.locator('[data-session]').count(), 2);
  await page.getByRole('button', { name: 'End', exact: true }).click();
  await page.locator('[data-session]').nth(1).waitFor({ state: 'detached' });
  const answer = await fetch(`${server.url}/api/v1/session`, {
    headers: { authorization: `Bearer ${elsewhere}` },
  });
  assert.equal(answer.status, 401);
});

for (const width of [1600, 1024, 390]) {
  for (const theme of ['light', 'dark']) {
    test(`the own account is accessible at ${width} pixels in ${theme}`, { skip }, async () => {
      const session = await open(browser, server, '/account', { width, theme });
      const { page } = session;
      await page.locator('[data-session]').first().waitFor();
      await page.getByRole('button', { name: 'Set up an authenticator' }).click();
      await page.getByText('Type this secret').waitFor();
      const found = await violations(page);
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - window.innerWidth,
      );
      await session.close();
      assert.deepEqual(found, []);
      assert.ok(over <= 0, `${over} pixels too wide`);
    });
  }
}

const asOwner = { signedIn: true };

onPage(
  'an account is made, changed, given a new password, disabled and deleted',
  '/users',
  async (page) => {
    await page.getByRole('link', { name: 'Add user' }).click();
    await page.getByLabel('Name to sign in with').fill('no spaces please');
    await page.locator('input[name="new"]').fill(PASSWORD);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('[aria-invalid="true"]').first().waitFor();
    await page.getByLabel('Name to sign in with').fill('petra');
    await page.getByLabel('Full name').fill('Petra Pump');
    await page.getByLabel('Role', { exact: true }).last().selectOption('operator');
    await page.getByLabel('All tags', { exact: true }).uncheck();
    await page.getByLabel('Patterns of tags').fill('demo/water/**\ndemo/heating/*');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Petra Pump' }).waitFor();
    const petra = async () => (await server.call('GET', 'users?search=petra')).items[0];
    assert.deepEqual((await petra()).write, ['demo/water/**', 'demo/heating/*']);
    assert.equal((await petra()).must_change_password, true);

    await page.getByRole('button', { name: 'Reset password' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('input[name="new"]').fill('another lantern 4');
    await dialog.getByLabel('Has to choose another password').uncheck();
    await dialog.getByRole('button', { name: 'Reset password' }).click();
    await page.getByText('petra has a new password').waitFor();
    await server.signIn('petra', 'another lantern 4');

    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Disabled: cannot sign in').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('aside').getByText('Disabled').waitFor();
    await assert.rejects(server.signIn('petra', 'another lantern 4'), /401/);

    await page.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByLabel('Yes, delete the account').check();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await petra(), undefined);
  },
  asOwner,
);

onPage(
  'the last owner cannot be deleted, and the page says why',
  '/users',
  async (page) => {
    await page.getByRole('link', { name: OWNER.name }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('There is always at least one owner').waitFor();
    await dialog.getByLabel('Yes, delete the account').check();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByRole('alert').getByText('The accounts do not allow this').waitFor();
  },
  asOwner,
);

onPage('an administrator cannot touch owners', '/users', async (page) => {
  await signIn(page, 'admin');
  await page.getByRole('link', { name: OWNER.name }).click();
  await page.getByText('Only owners change the accounts of owners.').waitFor();
  assert.equal(await page.locator('aside').getByRole('button', { name: 'Edit' }).count(), 0);
  await page.goto(`${server.url}/users?do=add`);
  const role = page.locator('aside').getByLabel('Role');
  await role.waitFor();
  assert.deepEqual(await role.locator('option').allInnerTexts(), [
    'Viewer',
    'Operator',
    'Administrator',
  ]);
});

onPage(
  'the secret of a token is shown once, works, and ends with the token',
  '/tokens?do=add',
  async (page) => {
    await page.getByLabel('Name *').fill('Report');
    await page.getByRole('button', { name: 'Create token' }).click();
    await page.getByText('This is shown once').waitFor();
    const secret = await page.locator('aside pre').first().innerText();
    const ask = () =>
      fetch(`${server.url}/api/v1/values`, { headers: { authorization: `Bearer ${secret}` } });
    assert.equal((await ask()).status, 200);
    await page.getByRole('button', { name: 'I have kept it' }).click();
    const row = page.locator('[data-token="Report"]');
    await row.waitFor();
    assert.ok(!(await page.content()).includes(secret));
    await row.getByRole('button', { name: 'Delete Report' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row.waitFor({ state: 'detached' });
    assert.equal((await ask()).status, 401);
  },
  asOwner,
);

onPage(
  'the link of a wall screen opens the dashboard on another browser',
  '/tokens?do=add',
  async (page) => {
    await page.getByLabel('Name *').fill('Hall 7');
    await page.getByLabel('Wall screen').check();
    await page.getByRole('button', { name: 'Create token' }).click();
    const link = await page.locator('aside pre').first().innerText();
    const context = await browser.newContext();
    const screen = await context.newPage();
    await screen.goto(link);
    await screen.locator('.tile .live[data-state="good"]').first().waitFor();
    assert.equal(await screen.locator('nav, header').count(), 0);
    await context.close();
  },
  asOwner,
);

onPage(
  'the audit journal tells what changed, is filtered, saved and proven',
  '/audit',
  async (page) => {
    const tag = await server.tag('demo/heating/boiler/supply_setpoint');
    await server.call('POST', `tags/${tag.id}/write`, { value: 71 });
    const made = await addUser('auditee', 'viewer');
    await server.call('PATCH', `users/${made.id}`, { role: 'operator' });
    await page.getByLabel('Action').fill('change_user');
    await page.waitForURL(/action=change_user/);
    const entry = page.locator('[data-entry="change_user"]').filter({ hasText: 'auditee' });
    await entry.locator('summary').click();
    await entry.getByRole('cell', { name: 'role', exact: true }).waitFor();
    assert.equal(await entry.locator('del').innerText(), 'viewer');
    assert.equal(await entry.locator('ins').innerText(), 'operator');
    assert.equal(await page.locator('[data-entry]:not([data-entry="change_user"])').count(), 0);

    await page.getByLabel('Outcome').selectOption('refused');
    await page.getByText('Nothing was done in this time that matches the filter').waitFor();
    await page.getByRole('button', { name: 'Clear filter' }).click();
    await page.locator('[data-entry="write_tag"]').first().waitFor();

    const save = page.getByRole('link', { name: 'Matching entries as CSV' });
    const saved = async () => {
      const [file] = await Promise.all([page.waitForEvent('download'), save.click()]);
      return readFileSync(await file.path(), 'utf8');
    };
    assert.match(await saved(), /write_tag/);
    await page.getByLabel('Who', { exact: true }).fill(OWNER.name);
    await page.getByLabel('Action').fill('change_user');
    await page.waitForURL(/action=change_user/);
    const rows = (await saved()).trim().split('\r\n').slice(1);
    assert.ok(0 < rows.length);
    for (const row of rows) assert.match(row, /,user,owner,[^,]*,[^,]*,change_user,/);

    await page.getByRole('button', { name: 'Verify' }).click();
    await page.locator('[data-proof="good"]').waitFor();
  },
  asOwner,
);

onPage(
  'log lines are filtered, and their levels changed',
  '/logs',
  async (page) => {
    await page.locator('[data-line]').first().waitFor();
    const levels = page.getByLabel('Which lines are made');
    await levels.fill('loud');
    await page.getByRole('button', { name: 'Set', exact: true }).click();
    await page.locator('[aria-invalid="true"]').waitFor();
    await levels.fill('info,headworks_hub=debug');
    await page.getByRole('button', { name: 'Set', exact: true }).click();
    await page.getByText('The log levels were changed').waitFor();
    const set = await server.call('GET', 'system/logs/levels');
    assert.equal(set.levels, 'info,headworks_hub=debug');
    await page.locator('[data-line]').filter({ hasText: 'log levels changed' }).first().waitFor();
    await page.getByLabel('Level').selectOption('error');
    await page.locator('[data-line="info"]').first().waitFor({ state: 'detached' });
  },
  asOwner,
);

onPage(
  'what went wrong is listed, opened and cleared',
  '/errors',
  async (page) => {
    const broken = await server.tag('demo/heating/boiler/supply_temperature');
    await assert.rejects(server.call('POST', `tags/${broken.id}/write`, { value: 71 }));
    const fault = page.locator('[data-fault="warn"]').filter({ hasText: 'tag not written' });
    await page.reload();
    await fault.getByRole('link').click();
    const panel = page.locator('aside');
    await panel.locator('[data-line="warn"] summary').first().click();
    await panel.getByText(broken.path).first().waitFor();
    assert.deepEqual(await violations(page), []);
    const forget = { name: 'Forget until it happens again' };
    await panel.getByRole('button', forget).click();
    await page.getByRole('dialog').getByRole('button', forget).click();
    await fault.waitFor({ state: 'detached' });
    // The pages below are looked at with one.
    await assert.rejects(server.call('POST', `tags/${broken.id}/write`, { value: 71 }));
  },
  asOwner,
);

const PAGES = {
  users: '/users',
  'a new user': '/users?do=add',
  tokens: '/tokens?of=all',
  'a new token': '/tokens?do=add',
  'the audit journal': '/audit',
  'log lines': '/logs',
  errors: '/errors',
  settings: '/settings',
};

for (const width of [1600, 1024, 390]) {
  for (const theme of ['light', 'dark']) {
    test(`people and audit are accessible at ${width} pixels in ${theme}`, { skip }, async () => {
      const session = await open(browser, server, '/account', { width, theme });
      const { page } = session;
      const found = [];
      for (const [name, path] of Object.entries(PAGES)) {
        await page.goto(server.url + path);
        const kinds = ['token', 'entry', 'row', 'line', 'fault', 'setting'];
        const rows = kinds.map((kind) => `[data-${kind}]`).join(', ');
        const there = `aside form, ${rows}, .empty`;
        await page.locator(`:is(${there}):visible`).first().waitFor();
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        );
        if (0 < over) found.push(`${name}: ${over} pixels too wide`);
        found.push(...(await violations(page)).map((problem) => `${name}: ${problem}`));
      }
      await session.close();
      assert.deepEqual(found, []);
    });
  }
}
