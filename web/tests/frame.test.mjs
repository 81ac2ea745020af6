// What surrounds the pages: installed app, offline shell, base path, themes, wall screens, palette.
import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, open, OWNER, problemsOf, Server, withPage } from './helpers.mjs';

const server = new Server();
const skip = server.isOurs ? false : 'needs servers of its own';
const below = new Server({ HEADWORKS__SERVER__BASE_PATH: '/plant1' });
const empty = new Server({}, null, []);
const bare = new Server({}, null, []);
let browser;

before(async () => {
  if (skip) return;
  await Promise.all([server.start(), below.start('/plant1'), empty.launch(), bare.start()]);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await Promise.all([server.end(), below.end(), empty.end(), bare.end()]);
});

const onPage = (name, path, run, options = {}) =>
  test(name, { skip }, () => withPage(browser, server, path, options, run));

const openPrefs = (page) => page.getByRole('button', { name: 'Display settings' }).click();
const background = (page) =>
  page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
const becomes = (page, colour) =>
  page.waitForFunction(
    (wanted) => getComputedStyle(document.documentElement).backgroundColor === wanted,
    colour,
  );
const WHITE = 'rgb(255, 255, 255)';
const BLACK = 'rgb(0, 0, 0)';

test('every page works below a base path, and asks for nothing above it', { skip }, async () => {
  const session = await open(browser, below, '/');
  const { page } = session;
  const above = [];
  page.on('request', (asked) => {
    const { pathname } = new URL(asked.url());
    if (!pathname.startsWith('/plant1/')) above.push(pathname);
  });
  await page.locator('.tile .live[data-state="good"]').first().waitFor();
  const hrefs = await page
    .locator('nav.rail a')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  assert.ok(20 < hrefs.length, `${hrefs}`);
  for (const href of hrefs) {
    assert.ok(href.startsWith('/plant1/'), href);
    await page.locator(`nav.rail a[href="${href}"]`).click();
    await page.waitForURL((url) => url.pathname === href);
    await page.locator('nav.rail a[aria-current="page"]').waitFor();
    await page.locator('main h1').waitFor();
  }
  await page.goto(`${below.url}/tags`);
  await page.getByRole('grid').waitFor();
  await page.reload();
  await page.getByRole('grid').waitFor();
  assert.deepEqual(above, []);
  assert.deepEqual(await problemsOf(session), []);
  await session.close();
});

test('the manifest and its icons are there, also below a base path', { skip }, async () => {
  for (const one of [server, below]) {
    const page = await (await fetch(`${one.url}/`)).text();
    const [, path] = /rel="manifest" href="([^"]+)"/.exec(page);
    const at = new URL(path, `${one.url}/`);
    const manifest = await (await fetch(at)).json();
    assert.equal(manifest.name, 'Headworks');
    assert.equal(new URL(manifest.start_url, at).href, new URL(`${one.url}/`).href);
    for (const icon of manifest.icons) {
      const answer = await fetch(new URL(icon.src, at));
      assert.equal(answer.status, 200, icon.src);
      assert.equal(answer.headers.get('content-type'), icon.type);
    }
  }
});

/** A proxy in front of a hub, which answers 502 while the hub is called down. */
async function proxyTo(target) {
  const { hostname, port } = new URL(target);
  const state = { isDown: false, asked: [] };
  const proxy = createServer((asked, answer) => {
    state.asked.push(asked.url);
    if (state.isDown) {
      answer.writeHead(502, { 'content-type': 'text/html' });
      answer.end('<h1>Bad Gateway</h1>');
      return;
    }
    const { method, url: path } = asked;
    // The hub answers to its own name only.
    const host = `${hostname}:${port}`;
    const headers = { ...asked.headers, host };
    if (headers.origin) headers.origin = `http://${host}`;
    const onward = request({ hostname, port, method, headers, path }, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const end = () =>
    new Promise((resolve) => {
      proxy.close(resolve);
      proxy.closeAllConnections();
    });
  return { ...state, state, end, url: `http://127.0.0.1:${proxy.address().port}` };
}

async function withShell(url) {
  const context = await browser.newContext({ locale: 'de-DE' });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const refused = [];
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  page.on('pageerror', (error) => refused.push(error.stack));
  await page.goto(url);
  await page.locator('h1').waitFor();
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  return { context, page, refused };
}

for (const path of ['/', '/plant1/']) {
  test(
    `without a hub the page at ${path} says so, and comes back by itself`,
    { skip },
    async () => {
      const one = path === '/' ? server : below;
      const proxy = await proxyTo(one.url);
      const { context, page, refused } = await withShell(proxy.url + path);
      proxy.state.isDown = true;
      await page.goto(`${proxy.url}${path}tags/some/depth`);
      await page.getByRole('heading', { name: 'Keine Verbindung zum Hub' }).waitFor();
      assert.deepEqual(await violations(page), []);
      assert.deepEqual(await page.evaluate(() => window.violations), []);
      assert.equal(await page.locator('.live, nav, .tile').count(), 0, 'nothing old is shown');
      assert.match(await page.title(), /Keine Verbindung/);
      await page.evaluate(() => (document.body.dataset.old = 'yes'));
      proxy.state.isDown = false;
      await page.getByRole('heading', { name: 'Anmelden' }).waitFor();
      assert.equal(page.url(), `${proxy.url}${path}tags/some/depth`);
      const kept = await page.evaluate(async () => {
        const names = await caches.keys();
        const caught = await Promise.all(
          names.map(async (name) => (await caches.open(name)).keys()),
        );
        return caught.flat().map(({ url }) => new URL(url).pathname);
      });
      assert.ok(
        kept.some((name) => name.startsWith(`${path}assets/`)),
        `${kept}`,
      );
      const odd = kept.filter(
        (name) => !/\/(?:assets\/.+|offline\.(?:html|css|js)|favicon\.svg)$/.test(name),
      );
      assert.deepEqual(odd, [], 'neither pages nor answers of the API are kept');
      assert.deepEqual(refused, []);
      await context.close();
      await proxy.end();
    },
  );
}

test('a new service worker takes over and forgets the files of the old one', { skip }, async () => {
  const proxy = await proxyTo(server.url);
  const { context, page } = await withShell(`${proxy.url}/`);
  await page.evaluate(async () => {
    const old = await caches.open('headworks / 0000');
    await old.put('/assets/old.js', new Response('old'));
    await caches.open('headworks /other/ 0000');
    const known = await navigator.serviceWorker.getRegistration();
    await known.unregister();
  });
  await page.reload();
  await page.waitForFunction(async () => !(await caches.keys()).includes('headworks / 0000'));
  const names = await page.evaluate(() => caches.keys());
  assert.ok(names.includes('headworks /other/ 0000'), 'another hub on this host keeps its own');
  await context.close();
  await proxy.end();
});

onPage('high contrast is a theme of its own and follows the system', '/', async (page) => {
  const plain = await background(page);
  await openPrefs(page);
  await page.getByRole('button', { name: 'High contrast' }).click();
  await becomes(page, WHITE);
  assert.deepEqual(await violations(page), []);
  await page.emulateMedia({ colorScheme: 'dark' });
  await becomes(page, BLACK);
  assert.deepEqual(await violations(page), []);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.getByRole('button', { name: 'System' }).click();
  await becomes(page, plain);
  await page.emulateMedia({ contrast: 'more' });
  await becomes(page, WHITE);
});

onPage('times are written in the zone that was chosen', '/', async (page) => {
  const clock = () => page.locator('header time').innerText();
  await page.locator('[data-link="live"]').waitFor();
  await openPrefs(page);
  const hour = (text) => Number(text.slice(0, 2));
  await page.locator('[name="zone"]').selectOption('Asia/Tokyo');
  await page.waitForLoadState();
  await page.locator('[data-link="live"]').waitFor();
  const tokyo = hour(await clock());
  const expected = new Date(Date.now() + 9 * 3_600_000).getUTCHours();
  assert.ok([expected, (expected + 23) % 24].includes(tokyo), `${tokyo} is not ${expected}`);
});

onPage('full screen leaves the link and the alarms, by mouse and by key', '/', async (page) => {
  await page.getByRole('button', { name: 'Full screen' }).click();
  await page.locator('header').waitFor({ state: 'detached' });
  assert.equal(await page.locator('nav:visible').count(), 0);
  await page.locator('[data-link="live"]').waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: 'Leave full screen' }).click();
  await page.locator('nav.rail').waitFor();
  await page.locator('main').focus();
  await page.keyboard.press('f');
  await page.locator('header').waitFor({ state: 'detached' });
  await page.keyboard.press('f');
  await page.locator('nav.rail').waitFor();
});

onPage(
  'a wall screen has large type and a menu for the list',
  '/?wall=on',
  async (page) => {
    assert.equal(await page.locator('nav.rail').isVisible(), false);
    const size = await page.evaluate(() => getComputedStyle(document.documentElement).fontSize);
    assert.equal(size, '20px');
    await page.locator('header').getByRole('button', { name: 'Pages' }).click();
    await page.locator('#more-pages').getByRole('link', { name: 'Trends' }).click();
    await page.getByRole('heading', { level: 1, name: 'Trends' }).waitFor();
    assert.deepEqual(await violations(page), []);
  },
  { width: 1920, height: 1080 },
);

onPage('the palette finds objects on the server and does things', '/', async (page) => {
  await page.keyboard.press('Control+k');
  const field = page.getByRole('combobox', { name: 'Search or jump' });
  await field.fill('boiler');
  await page
    .getByRole('option', { name: /boiler/i })
    .first()
    .waitFor();
  await field.fill('high contrast');
  await page.keyboard.press('Enter');
  await becomes(page, WHITE);
  await page.keyboard.press('Control+k');
  await field.fill('Deutsch');
  await page.keyboard.press('Enter');
  await page.locator('html[lang="de"]').waitFor();
});

onPage(
  'an empty plant leads on',
  '/connections',
  async (page) => {
    await page.getByRole('button', { name: 'Load the demo plant' }).click();
    await page.getByRole('link', { name: 'Demo plant' }).first().waitFor();
    await page
      .getByText('3 devices')
      .or(page.locator('td', { hasText: /^3$/ }))
      .first()
      .waitFor();
  },
  { server: bare },
);

onPage('on paper there are values and the time, and nothing to press', '/', async (page) => {
  await page.locator('.tile .live[data-state="good"]').first().waitFor();
  // The rules for paper come with the alarms of the frame.
  await page.locator('.counters').waitFor({ state: 'attached' });
  await page.emulateMedia({ media: 'print' });
  await page.waitForFunction(() => document.querySelector('nav.rail').offsetParent === null);
  assert.equal(await page.locator('.btn:visible, nav:visible').count(), 0);
  await page.locator('header time').waitFor();
  assert.ok(3 < (await page.locator('.tile:visible').count()));
  assert.ok((await page.pdf()).length > 10_000);
});

onPage('every page has help of its own, in every language', '/', async (page) => {
  for (const [code, language] of Object.entries({
    en: 'English',
    zh: '简体中文',
    it: 'Italiano',
  })) {
    await page.locator('.prefs').evaluate((prefs) => prefs.showPopover());
    await page.locator('[name="language"]').selectOption({ label: language });
    await page.locator(`html[lang^="${code}"]`).waitFor();
    await page.locator('.prefs').evaluate((prefs) => prefs.hidePopover());
    const links = await page.locator('nav.rail a').all();
    const said = new Set();
    for (const link of links) {
      await link.click();
      await page.locator('nav.rail a[aria-current="page"]').waitFor();
      await page.keyboard.press('?');
      const steps = page.locator('dialog ol li');
      await steps.first().waitFor();
      assert.equal(await steps.count(), 3);
      said.add(await page.locator('dialog [role="tabpanel"] > p').innerText());
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ state: 'detached' });
    }
    assert.equal(said.size, links.length);
  }
});

onPage('the tour goes through the main pages and can be taken again', '/health', async (page) => {
  await page.keyboard.press('?');
  await page.getByRole('button', { name: 'Tour of the main pages' }).click();
  const tour = page.locator('section.tour');
  await tour.getByRole('heading', { name: 'Dashboards' }).waitFor();
  assert.deepEqual(await violations(page), []);
  for (const name of ['Alarms', 'Trends', 'Tags', 'Connections']) {
    await tour.getByRole('button', { name: 'Next' }).click();
    await tour.getByRole('heading', { name }).waitFor();
    await page.getByRole('heading', { level: 1, name }).waitFor();
  }
  await tour.getByRole('button', { name: 'Next' }).click();
  await tour.getByRole('button', { name: 'Done' }).click();
  await tour.waitFor({ state: 'detached' });
  await page.keyboard.press('?');
  await page.getByRole('button', { name: 'Tour of the main pages' }).click();
  await page.keyboard.press('Escape');
  await tour.waitFor({ state: 'detached' });
});

onPage(
  'from the token to the first dashboard in three steps',
  '/',
  async (page) => {
    const startMs = Date.now();
    await page.goto(`${empty.url}/?#setup=${await empty.setUpToken()}`);
    await page.getByText('Step 1 of 3').waitFor();
    await page.getByLabel('Name to sign in with').fill(OWNER.name);
    await page.locator('input[name="password"]').fill(OWNER.password);
    await page.keyboard.press('Enter');
    await page.getByText('Step 2 of 3').waitFor();
    await page.locator('[name="language"]').selectOption('nl');
    await page.locator('[name="zone"]').selectOption('UTC');
    await page.getByRole('button', { name: 'Volgende' }).click();
    await page.getByText('Stap 3 van 3').waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByRole('button', { name: 'Demo-installatie laden' }).click();
    await page.locator('.tile .live[data-state="good"]').first().waitFor();
    assert.ok(Date.now() - startMs < 60_000);
    await page.locator('section.tour').getByRole('button', { name: 'Overslaan' }).click();
    assert.ok(5 < (await page.locator('.tile').count()));
  },
  { server: empty, signedIn: false, mayRefuse: /status of 401/ },
);
