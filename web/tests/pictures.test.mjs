// Every route in every width and theme looks as it did when its picture was last looked at.
//
// `UPDATE_PICTURES=1 node --test tests/pictures.test.mjs` keeps the pictures as they are now: look
// at them before. Other browsers and fonts draw other pictures; there nothing is compared.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, open, Server } from './helpers.mjs';
import { routesOf, visitAll } from './routes.mjs';
import { drawer, Sheet } from './sheet.mjs';

const HEIGHT = 900;
/** Share of a picture that may change: numbers, times and lists that grow. */
const MOST = 0.02;
/** What moves with time. */
const MOVING = 'time, canvas, .live, .link, .age, .toast { visibility: hidden !important }';
/** Routes that show what the program did, which is never the same. */
const RESTLESS = [
  'logs',
  'errors',
  'health',
  'raw log',
  'audit journal',
  'storage',
  'changes',
  'dead letters',
];

const kept = fileURLToPath(new URL('pictures/', import.meta.url));
const drawnBy = join(kept, 'drawer.txt');
const isUpdate = process.env.UPDATE_PICTURES === '1';

const server = new Server();
let browser;
let routes;
let isSame;

before(async () => {
  browser = await launch();
  const now = await drawer(browser);
  if (isUpdate) writeFileSync(drawnBy, `${now}\n`);
  const then = existsSync(drawnBy) ? readFileSync(drawnBy, 'utf8').trim() : 'nobody';
  isSame = now === then;
  if (!isSame) return console.log(`not compared: drawn by ${then}; this is ${now}`);
  await server.start();
  routes = await routesOf(server);
  for (const name of RESTLESS) delete routes[name];
});

after(async () => {
  await browser?.close();
  await server.end();
});

for (const width of [1600, 1024, 390]) {
  test(`every route looks as it did at ${width} pixels, in light and dark`, async (context) => {
    if (!isSame) return context.skip('another browser or other fonts');
    const session = await open(browser, server, '/', {
      width,
      height: HEIGHT,
      touch: width < 800,
      context: { bypassCSP: true, reducedMotion: 'reduce', timezoneId: 'UTC' },
    });
    const { page } = session;
    await page.addStyleTag({ content: MOVING });
    const sheets = {};
    for (const theme of ['light', 'dark']) {
      const path = join(kept, `${width}-${theme}.png`);
      sheets[theme] = await Sheet.open(browser, path, width, HEIGHT);
    }
    const found = await visitAll(session, routes, async () => {
      const changed = [];
      for (const [theme, sheet] of Object.entries(sheets)) {
        await page.emulateMedia({ colorScheme: theme });
        const share = await sheet.add(page, isUpdate ? 1 : MOST);
        if (MOST < share) changed.push(`${theme}: ${(share * 100).toFixed(1)} % are not as before`);
      }
      await page.emulateMedia({ colorScheme: 'light' });
      return changed;
    });
    const folder = isUpdate ? kept : mkdtempSync(join(tmpdir(), 'headworks-pictures-'));
    for (const [theme, sheet] of Object.entries(sheets)) {
      if (isUpdate || 0 < found.length) await sheet.save(join(folder, `${width}-${theme}.png`));
      await sheet.close();
    }
    await session.close();
    if (isUpdate) return;
    assert.deepEqual(found, [], `what they look like now: ${folder}`);
  });
}
