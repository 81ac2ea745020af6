// Discovery from the first question to the tag, on the simulator of the demo plant.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, open, PASSWORD, problemsOf, Server, signIn, withPage } from './helpers.mjs';

const server = new Server();
let browser;
let endpoint;

before(async () => {
  await server.start();
  const { items } = await server.call('GET', 'connections');
  endpoint = items[0].settings.endpoint;
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

const button = (page, name) => page.getByRole('button', { name });
const ended = (page) => page.locator('[data-job="done"]').waitFor();

const WHOLE_WAY = 'a unit is found, its registers, their meaning, and become tags';

onPage(WHOLE_WAY, '/discovery', async (page) => {
  await page.getByLabel('Last unit id').fill('12');
  await button(page, 'Look for units').click();
  await ended(page);
  const units = page.getByRole('list', { name: 'Units that answer' });
  await units.getByText('Headworks simulator Boiler house').waitFor();
  assert.equal(await units.getByRole('listitem').count(), 6);
  assert.deepEqual(await violations(page), []);

  await button(units, 'Scan registers').first().click();
  assert.equal(await page.getByLabel('Unit id').inputValue(), '1');
  await page.getByLabel('Last address').fill('60');
  await button(page, 'Scan registers').click();
  await ended(page);
  const holding = page.getByRole('region', { name: 'Holding registers' });
  await holding.getByRole('img', { name: /9 addresses in 3 areas/ }).waitFor();
  assert.equal(await holding.locator('rect.found').count(), 3);
  const parts = holding.getByRole('list', { name: 'Readable areas' });
  assert.match(await parts.innerText(), /HR10/);
  assert.match(await holding.getByText('HR10', { exact: false }).getAttribute('title'), /40011/);
  assert.deepEqual(await violations(page), []);

  await page.getByRole('button', { name: 'Decode 6 addresses from HR0' }).click();
  await page.getByLabel('Samples', { exact: true }).fill('4');
  await page.getByLabel('Between two samples').fill('200');
  await button(page, 'Read and decode').click();
  await ended(page);
  await page.getByText('6 values').waitFor();
  await page.getByRole('row', { name: /HR0 / }).click();
  const side = page.locator('aside');
  for (const notation of ['0x0000', '40001', '400001'])
    await side.getByText(notation, { exact: true }).waitFor();
  const readings = side.getByRole('radio');
  assert.ok(2 <= (await readings.count()));
  assert.ok(await readings.first().isChecked());
  await readings.nth(1).check();
  await page.locator('aside label.chosen').getByRole('radio').and(readings.nth(1)).waitFor();
  await readings.first().check();
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
  await side.waitFor({ state: 'detached' });

  await page.getByRole('row', { name: /HR0 / }).getByRole('gridcell').first().click();
  await page.getByRole('row', { name: /HR1 / }).getByRole('gridcell').first().click();
  await page.getByText('2 picked').waitFor();
  await button(page, 'Make tags…').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Tried: this will work').waitFor();
  await dialog.getByLabel('Row 1, Name').fill('found_supply');
  await dialog.getByLabel('Row 2, Name').fill('found supply/2');
  await dialog.getByText('1 row is refused; nothing was changed').waitFor();
  assert.ok(await button(dialog, 'Add 2 tags').isDisabled());
  await dialog.getByLabel('Row 2, Name').fill('found_return');
  await dialog.getByLabel('Row 2, Unit').fill('K');
  await dialog.getByText('Tried: this will work').waitFor();
  assert.deepEqual(await violations(page), []);
  await button(dialog, 'Add 2 tags').click();
  await dialog.waitFor({ state: 'detached' });
  const tag = await server.tag('demo/heating/boiler/found_supply');
  assert.equal(tag.address, 'HR0');
  assert.equal((await server.tag('demo/heating/boiler/found_return')).unit, 'K');
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await page.getByText('It was taken back').waitFor();
  await assert.rejects(server.tag('demo/heating/boiler/found_supply'));
});

onPage(
  'a link that is not saved becomes connection, device and tags in one change',
  '/discovery?connection=unsaved&tab=decode',
  async (page) => {
    await page.getByLabel('Host and port').fill(endpoint);
    await page.getByLabel('Unit id').fill('1');
    await page.getByLabel('First address').fill('40001');
    await page.getByLabel('Number of addresses').fill('2');
    await page.getByLabel('Samples', { exact: true }).fill('2');
    await page.getByLabel('Between two samples').fill('100');
    await button(page, 'Read and decode').click();
    await ended(page);
    await page.getByRole('grid').focus();
    await page.keyboard.press('Space');
    await button(page, 'Make tags…').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name of the new connection').fill('Found line');
    await dialog.getByLabel('Name of the device').fill('Found unit');
    await dialog.getByLabel('Path in the plant').fill('found//');
    await dialog.getByText('1 row is refused').waitFor();
    await dialog.getByLabel('Path in the plant').fill('found/unit');
    await dialog.getByText('Tried: this will work').waitFor();
    await button(dialog, 'Add 1 tag').click();
    await dialog.waitFor({ state: 'detached' });
    const tag = await server.tag('found/unit/hr0');
    assert.equal(tag.device_name, 'Found unit');
    const { items } = await server.call('GET', 'connections');
    assert.ok(items.some(({ name }) => name === 'Found line'));
    const changes = await server.call('GET', 'changes');
    const counts = Object.fromEntries(
      changes.items[0].counts.map(({ kind, count }) => [kind, count]),
    );
    assert.deepEqual(counts, { connection: 1, device: 1, tag: 1 });
  },
);

const RESTS = 'a scan rests, goes on, and stops with what it found';

onPage(RESTS, '/discovery?tab=registers', async (page) => {
  await page.getByLabel('Last address').fill('9999');
  await button(page, 'Scan registers').click();
  const status = page.locator('[data-job="running"]');
  await status.waitFor();
  // The map grows while the scan goes on.
  await page.locator('rect.found').first().waitFor();
  await page.locator('rect.ahead').first().waitFor();
  await button(page, 'Pause').click();
  await page.getByText('Paused: nothing is asked').waitFor();
  const asked = () => status.getByText(/\d+ requests/).innerText();
  await page.waitForTimeout(2500);
  const before = await asked();
  await page.waitForTimeout(2500);
  assert.equal(await asked(), before);
  await page.reload();
  await page.getByText('Paused: nothing is asked').waitFor();
  await button(page, 'Go on').click();
  await page.waitForFunction(
    (old) => !document.querySelector('[data-job="running"]')?.textContent.includes(old),
    before,
  );
  await button(page, 'Stop').click();
  await page.locator('[data-job="cancelled"]').waitFor();
  await page.getByText('Stopped before the end; what was found until then is kept.').waitFor();
  assert.ok(0 < (await page.locator('rect.found').count()));
});

onPage('a test write is confirmed, read back and undone', '/discovery?tab=write', async (page) => {
  const tag = await server.tag('demo/heating/boiler/supply_setpoint');
  const old = tag.current.value;
  await page.getByLabel(/^Address/).fill('HR3');
  await page.getByLabel(/^Value/).fill('70000');
  await button(page, 'Write…').click();
  let dialog = page.getByRole('dialog');
  assert.ok(await button(dialog, 'Write 70000').isDisabled(), 'only after the tick');
  await dialog.getByRole('checkbox').check();
  await button(dialog, 'Write 70000').click();
  await page.locator('.field .error').getByText(/65535/).waitFor();

  await page.getByLabel(/^Address/).fill(tag.address);
  const raw = Math.round((old + 1) / tag.scale);
  await page.getByLabel(/^Value/).fill(String(raw));
  await page.getByLabel('Write the old value back').uncheck();
  await button(page, 'Write…').click();
  dialog = page.getByRole('dialog');
  await dialog.getByText('Unit 1 behind Demonstration').waitFor();
  await dialog.getByText('The new value stays.').waitFor();
  assert.deepEqual(await violations(page), []);
  await dialog.getByRole('checkbox').check();
  await button(dialog, `Write ${raw}`).click();
  await page.getByText('Written and read back', { exact: true }).waitFor();
  assert.deepEqual(await violations(page), []);
  await button(page, /^Write \d+ back$/).click();
  await page.getByRole('dialog').getByRole('checkbox').check();
  await page.getByRole('dialog').getByRole('button', { name: /^Write/ }).click();
  await page.getByText('Written and read back', { exact: true }).waitFor();
  assert.equal(await button(page, /^Write \d+ back$/).count(), 0);
});

const WRONG = 'what is wrong with a question stands at its field';

onPage(WRONG, '/discovery?tab=decode', async (page) => {
  await page.getByLabel('First address').fill('nonsense');
  await button(page, 'Read and decode').click();
  await page.locator('.field .error').first().waitFor();
  assert.equal(await page.getByLabel('First address').getAttribute('aria-invalid'), 'true');
});

test('who may not configure is told so', async () => {
  await server.call('POST', 'users', { name: 'operator', role: 'operator', password: PASSWORD });
  const session = await open(browser, server, '/discovery', { signedIn: false });
  try {
    await signIn(session.page, 'operator');
    await session.page.getByText('This page needs the role Administrator').waitFor();
    assert.equal(await session.page.getByRole('link', { name: 'Discovery' }).count(), 0);
  } finally {
    await session.close();
  }
});

for (const [width, theme] of [
  [390, 'light'],
  [1024, 'dark'],
]) {
  for (const tab of ['units', 'registers', 'decode', 'write']) {
    test(`${tab} is accessible at ${width} px in ${theme}`, async () => {
      const session = await open(browser, server, `/discovery?tab=${tab}`, { width, theme });
      try {
        await session.page.getByRole('tabpanel').locator('form').waitFor();
        assert.deepEqual(await violations(session.page), []);
        const scroll = await session.page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(scroll <= width, `${scroll} px wide`);
        assert.deepEqual(await problemsOf(session), []);
      } finally {
        await session.close();
      }
    });
  }
}
