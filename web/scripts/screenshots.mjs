// Takes the pictures of the README and the docs from the running product with the demo plant:
// `node scripts/screenshots.mjs`, with HEADWORKS_BIN for another binary than the built one.
import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launch, open, Server } from '../tests/helpers.mjs';

const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const BYTES_MAX = 150_000;
/** So long the plant runs before, so that there is something to draw. */
const RUN_MS = Number(process.env.HEADWORKS_RUN_S ?? 120) * 1000;

const server = new Server();
await server.start();
const browser = await launch();
const hot = await server.tag('demo/heating/boiler/supply_temperature');
const level = await server.tag('demo/water/tank/level');
for (const [name, tag, limit, priority] of [
  ['Supply too hot', hot, 70, 2],
  ['Tank fills', level, 50, 3],
])
  await server.call('POST', 'alarm-rules', {
    name,
    tag: tag.id,
    condition: { kind: 'high', limit },
    priority,
  });
await new Promise((resolve) => setTimeout(resolve, RUN_MS));

const PICTURES = [
  ['dashboard', '/', {}],
  ['dashboard-dark', '/', { theme: 'dark' }],
  ['phone', '/', { width: 390, height: 760, touch: true }],
  ['trends', `/trends?tags=${hot.id},${level.id}&span=120000`, {}],
  ['alarms', '/alarms', {}],
];

mkdirSync(folder, { recursive: true });
for (const [name, path, options] of PICTURES) {
  const session = await open(browser, server, path, { width: 1200, height: 750, ...options });
  await session.page.locator('[data-link="live"]').waitFor();
  await session.page.waitForTimeout(2500);
  const file = `${folder}${name}.png`;
  await session.page.screenshot({ path: file });
  const { size } = statSync(file);
  if (BYTES_MAX < size) throw new Error(`${name} has ${size} bytes, at most ${BYTES_MAX}`);
  console.log(`${name}: ${Math.round(size / 1000)} kB`);
  await session.close();
}
await browser.close();
await server.end();
