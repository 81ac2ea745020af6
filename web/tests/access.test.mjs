// Every route in every width and theme: no axe violation, no horizontal scroll, no refused content.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { colourViolations, violations } from './axe.mjs';
import { launch, open, Server } from './helpers.mjs';
import { routesOf, visitAll } from './routes.mjs';

const server = new Server();
let browser;
let routes;

before(async () => {
  await server.start();
  browser = await launch();
  routes = await routesOf(server);
});

after(async () => {
  await browser?.close();
  await server.end();
});

/** All rules in light; in dark those of colours, for nothing else differs. */
async function inBothThemes(page) {
  const inLight = await violations(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  const inDark = await colourViolations(page);
  await page.emulateMedia({ colorScheme: 'light' });
  return [...inLight, ...inDark.map((problem) => `in dark: ${problem}`)];
}

for (const width of [1600, 1024, 390]) {
  test(`every route is accessible at ${width} pixels in light and dark`, async () => {
    const session = await open(browser, server, '/', { width, touch: width < 800 });
    const found = await visitAll(session, routes, inBothThemes);
    await session.close();
    assert.deepEqual(found, []);
  });
}

/** Time in which a page that was turned finds its new width. */
const TURN_MS = 500;

/** Returns by how much a page is wider than the screen, on phones of two widths. */
async function beyond(page) {
  const found = [];
  for (const width of [390, 320]) {
    await page.setViewportSize({ width, height: 700 });
    const over = await page.evaluate(async (patience) => {
      const wider = () => document.documentElement.scrollWidth - window.innerWidth;
      const begun = performance.now();
      while (0 < wider() && performance.now() - begun < patience) {
        await new Promise((drawn) => requestAnimationFrame(drawn));
      }
      return wider();
    }, TURN_MS);
    if (0 < over) found.push(`${over} pixels wider than ${width}`);
  }
  return found;
}

for (const locale of ['en-GB', 'de-DE', 'it-IT', 'nl-NL', 'zh-CN']) {
  test(`no page scrolls sideways on a phone in ${locale}`, async () => {
    const options = { width: 390, height: 700, locale, touch: true };
    const session = await open(browser, server, '/', options);
    const found = await visitAll(session, routes, beyond);
    await session.close();
    assert.deepEqual(found, []);
  });
}

/** Makes the words of a built file 40 % longer, as those of another language may be. */
function longer(source) {
  return source.replace(/`((?:[^`\\]|\\.)*)`/g, (_all, text) => {
    const parts = text.split(/(\{\w+\}|\\.)/);
    const long = parts.map((part, at) => (at % 2 ? part : part.replace(/[aeiouy]/gi, '$&$&')));
    return `\`${long.join('')}\``;
  });
}

test('no page scrolls sideways on a phone with longer words', async () => {
  const session = await open(browser, server, '/nothing', { width: 390, height: 700, touch: true });
  await session.page.route('**/assets/en-*.js', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: longer(await answer.text()) });
  });
  await session.page.goto(`${server.url}/`);
  await session.page.getByText('Daashbooaards').first().waitFor({ state: 'attached' });
  const found = await visitAll(session, routes, beyond);
  await session.close();
  assert.deepEqual(found, []);
});

test('the first page loads nothing from elsewhere and no styles of its own', async () => {
  const session = await open(browser, server, '/');
  const { page } = session;
  await page.locator('.tile .live[data-state="good"]').first().waitFor();
  const { foreign, styles } = await page.evaluate(() => ({
    foreign: performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => new URL(name).host !== location.host),
    styles: document.querySelectorAll('style').length,
  }));
  await session.close();
  assert.deepEqual(foreign, []);
  assert.equal(styles, 0);
});
