// What people choose goes with their account: look, language, zone, columns, saved views.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, open, PASSWORD, problemsOf, Server, signIn } from './helpers.mjs';

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

const kept = async (key) => (await server.call('GET', `me/preferences/${key}`)).value;

/** Waits until the hub keeps something that `fits`. */
async function until(key, fits) {
  for (let tries = 0; tries < 100; tries += 1) {
    const value = await kept(key);
    if (value !== null && fits(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${key} is ${JSON.stringify(await kept(key))}`);
}

const themeOf = (page) => page.evaluate(() => document.documentElement.dataset.theme);
const isDark = (page) =>
  page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');

/** Opens a page in a browser that nobody has used before. */
async function fresh(path, run, options = {}) {
  const session = await open(browser, server, path, { keepsLook: true, ...options });
  try {
    await run(session.page, session);
    assert.deepEqual(await problemsOf(session), []);
  } finally {
    await session.close();
  }
}

test('look and language go along to another browser', async () => {
  await fresh('/tags', async (page) => {
    assert.equal(await themeOf(page), 'light');
    await page.getByRole('button', { name: 'Display settings' }).click();
    await page.getByRole('button', { name: 'Dark' }).press('Enter');
    await page.getByLabel('Compact rows').check();
    await page.getByLabel('Language').selectOption('nl');
    const look = await until('look', ({ language }) => language === 'nl');
    assert.equal(look.theme, 'dark');
    assert.equal(look.density, 'compact');
  });
  await fresh('/tags', async (page) => {
    await isDark(page);
    await page.locator('html[lang="nl"][data-density="compact"]').waitFor();
    assert.deepEqual(await violations(page), []);
    // The copy of the browser is what the next first paint has.
    assert.equal(await page.evaluate(() => localStorage.getItem('headworks.theme')), 'dark');
  });
  // What the link of a screen says counts there, and is not kept.
  await fresh('/tags?theme=light', async (page) => {
    await page.locator('html[lang="nl"]').waitFor();
    assert.equal(await themeOf(page), 'light');
  });
  assert.equal((await kept('look')).theme, 'dark');
});

test('another person has a look of their own', async () => {
  await server.call('POST', 'users', { name: 'ann', role: 'viewer', password: PASSWORD });
  await fresh(
    '/tags',
    async (page) => {
      await signIn(page, 'ann');
      await page.waitForTimeout(500);
      assert.equal(await themeOf(page), 'light');
    },
    // Nobody is signed in at first, which the browser calls an error.
    { signedIn: false, mayLoseLink: true },
  );
  await server.call('DELETE', 'me/preferences/look');
});

test('what a browser kept alone is moved to the hub once', async () => {
  const context = {
    storageState: {
      cookies: [],
      origins: [
        {
          origin: server.url,
          localStorage: [
            { name: 'headworks.theme', value: 'dark' },
            { name: 'headworks.columns.tags.owner', value: 'path,value,unit' },
            { name: 'headworks.trend-views', value: '[{"name":"Old","query":"tags=x"}]' },
          ],
        },
      ],
    },
  };
  await fresh(
    '/tags',
    async (page) => {
      assert.equal((await until('look', () => true)).theme, 'dark');
      assert.deepEqual(await until('columns.tags', () => true), ['path', 'value', 'unit']);
      await page.goto(`${server.url}/trends`);
      await page.getByRole('button', { name: 'Views' }).click();
      await page.getByRole('link', { name: 'Old' }).waitFor();
      assert.deepEqual(await until('trend-views', () => true), [{ name: 'Old', query: 'tags=x' }]);
    },
    { context },
  );
  await fresh('/tags', async (page) => {
    await page.getByRole('columnheader', { name: 'Unit' }).waitFor();
    assert.equal(await page.getByRole('columnheader', { name: 'Device' }).count(), 0);
    await page.goto(`${server.url}/trends`);
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('button', { name: 'Delete Old' }).press('Enter');
    await until('trend-views', (views) => views.length === 0);
  });
});

test('what is chosen without the hub is kept here and sent later', async () => {
  const session = await open(browser, server, '/tags', { mayLoseLink: true, keepsLook: true });
  const { page } = session;
  try {
    await isDark(page);
    await page.route('**/me/preferences/**', (way) => way.abort());
    await page.getByRole('button', { name: 'Display settings' }).click();
    await page.getByRole('button', { name: 'Light' }).click();
    await page.waitForTimeout(1000);
    assert.equal((await kept('look')).theme, 'dark');
    await page.unroute('**/me/preferences/**');
    await page.reload();
    await until('look', ({ theme }) => theme === 'light');
    assert.equal(await themeOf(page), 'light');
    assert.deepEqual(await problemsOf(session), []);
  } finally {
    await session.close();
  }
});

test('a wall screen asks for nothing and chooses nothing', async () => {
  const body = { name: 'hall', kind: 'kiosk', role: 'viewer' };
  const { secret } = await server.call('POST', 'tokens', body);
  const session = await open(browser, server, '/', { signedIn: false });
  const { page } = session;
  try {
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${server.url}/?theme=dark#kiosk=${secret}`);
    await page.reload();
    await page.locator('h1').waitFor();
    await page.waitForTimeout(1500);
    assert.deepEqual(
      asked.filter((url) => url.includes('preferences')),
      [],
    );
  } finally {
    await session.close();
  }
});
