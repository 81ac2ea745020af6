// Templates: from the library to devices, what differs later, and templates of one's own.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, open, PASSWORD, problemsOf, Server, signIn, withPage } from './helpers.mjs';

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
const REFUSED = /^console: Failed to load resource: .* (?:409|412|422) /;

const onPage = (name, path, run, options = {}) =>
  test(name, () => withPage(browser, server, path, { mayRefuse: REFUSED, ...options }, run));

const METER = 'Eastron SDM120-Modbus';
const button = (page, name) => page.getByRole('button', { name });
const devices = async () => (await server.call('GET', 'devices')).items.map(({ name }) => name);

const LIBRARY = 'an empty page leads to the library, and what is loaded is there';

onPage(LIBRARY, '/templates', async (page) => {
  await page.getByText('No templates yet.').waitFor();
  assert.deepEqual(await violations(page), []);
  await button(page, 'Library').click();
  await page.getByText('check it against your manual').first().waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByLabel('Search the library').fill('eastron');
  assert.equal(await page.locator('li[data-state]').count(), 2);
  await page.getByRole('checkbox', { name: `Pick ${METER}` }).check();
  await button(page, 'Load 1 template').click();
  await page.getByText('1 template was loaded').waitFor();
  await page.locator('li[data-state="current"]').getByRole('link', { name: METER }).click();
  await page.getByRole('heading', { name: METER }).waitFor();
  await page.getByText('No device was made of it yet.').waitFor();
  assert.deepEqual(await violations(page), []);
});

async function meter() {
  await server.call('POST', 'template-library/load', { names: [METER] });
  const { items } = await server.call('GET', 'templates');
  return `/templates/${items.find(({ name }) => name === METER).id}`;
}

onPage('many devices are made at once from pasted rows, tried first', meter, async (page) => {
  await button(page, 'Make devices…').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Row 1, Name').fill('Meter 1');
  assert.equal(await dialog.getByLabel('Row 1, Path in the plant').inputValue(), 'plant/meter-1');
  await dialog.getByText('18 tags come with them.').waitFor();
  const rows =
    'name\tunit_id\tpath\tcolour\nMeter 2\t900\tplant/meter-2\tred\nMeter 3\t13\tplant/m3\t';
  await dialog.getByLabel('Row 1, Name').evaluate((field, text) => {
    const data = new DataTransfer();
    data.setData('text/plain', text);
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
  }, rows);
  await dialog.getByText('left out: colour').waitFor();
  await dialog.getByText(/^Meter 2: unit_id: 900 is outside/).waitFor();
  assert.ok(await button(dialog, 'Make 3 devices').isDisabled());
  assert.deepEqual(await violations(page), []);
  await dialog.getByLabel('Row 2, unit_id').fill('12');
  await dialog.getByText('54 tags come with them.').waitFor();
  assert.ok(!(await devices()).includes('Meter 1'), 'nothing is made before it is asked for');
  await button(dialog, 'Make 3 devices').click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('3 devices made of it').waitFor();
  await page.locator('[data-drift="0"]').nth(2).waitFor();
  const { items } = await server.call('GET', 'devices');
  const units = items.filter(({ name }) => /^Meter/.test(name));
  assert.deepEqual(units.map(({ settings }) => settings.unit_id ?? 1).sort(), [1, 12, 13]);
});

onPage('what differs from the template is shown and applied again', meter, async (page) => {
  const scale = await server.tag('plant/meter-1/voltage');
  const lost = await server.tag('plant/meter-1/current');
  await server.call('POST', 'edits', {
    edits: [
      { op: 'patch', id: scale.id, patch: { scale: 2 } },
      { op: 'delete', id: lost.id },
      {
        op: 'create',
        kind: 'tag',
        body: { device: scale.device, name: 'own', address: 'IR900', data_type: 'uint16' },
      },
    ],
  });
  await page.locator('[data-drift="3"]').waitFor();
  await page.getByText('What differs').click();
  await page.getByText('2 instead of Default').waitFor();
  await page.getByText('missing (IR6)').waitFor();
  await page.getByText('only on the device').waitFor();
  assert.deepEqual(await violations(page), []);
  await button(page, 'Apply again: Meter 1').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('2 objects change.').waitFor();
  await dialog.getByLabel('Delete tags that the template does not make').check();
  await dialog.getByText('3 objects change.').waitFor();
  assert.deepEqual(await violations(page), []);
  await button(dialog, 'Apply again').click();
  await dialog.waitFor({ state: 'detached' });
  await page.locator('[data-drift="3"]').waitFor({ state: 'detached' });
  const again = await server.tag('plant/meter-1/voltage');
  assert.deepEqual([again.index, again.scale ?? 1], [scale.index, 1]);
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await page.locator('[data-drift="3"]').waitFor();
});

const OWN = 'a template of a device is made, refused by field, edited and deleted';

onPage(OWN, '/templates?do=add', async (page) => {
  const form = page.locator('aside form');
  await form.getByLabel('Begin with a device').selectOption({ label: 'Tank' });
  const tags = form.getByRole('textbox', { name: 'Tags' });
  await page.waitForFunction(() =>
    [...document.querySelectorAll('textarea')].some(({ value }) => value.includes('level')),
  );
  await form.getByLabel(/^Name/).first().fill('Tank type');
  const text = await tags.inputValue();
  assert.match(await form.getByLabel('Settings of the device').inputValue(), /\$\{unit_id\}/);
  await tags.fill('[{');
  await form.getByText(/^This is no JSON/).waitFor();
  await tags.fill('{}');
  await form.getByText('This must be a list').waitFor();
  await tags.fill(text.replace('"address":"', '"address":"x'));
  await button(form, 'Save').click();
  await form.locator('.field .error').first().waitFor();
  await tags.fill(text);
  assert.deepEqual(await violations(page), []);
  await button(form, 'Save').click();
  await page.getByRole('heading', { name: 'Tank type' }).waitFor();
  await button(page, 'Edit').click();
  await form.getByLabel('Version').fill('1.1');
  const { items } = await server.call('GET', 'templates');
  const stored = items.find(({ name }) => name === 'Tank type');
  await server.call('POST', 'edits', {
    edits: [{ op: 'patch', id: stored.id, patch: { vendor: 'Somebody' } }],
  });
  await button(form, 'Save').click();
  await form.getByRole('cell', { name: '"Somebody"' }).waitFor();
  await form.locator('.conflict .danger').click();
  await page.locator('aside .facts').getByText('1.1').waitFor();
  await button(page, 'Delete').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('link', { name: 'Tank type' }).waitFor({ state: 'detached' });
});

test('a viewer looks at templates and changes nothing', async () => {
  await server.call('POST', 'users', { name: 'viewer', role: 'viewer', password: PASSWORD });
  const session = await open(browser, server, '/', { signedIn: false });
  const { page } = session;
  try {
    await signIn(page, 'viewer');
    for (const path of [await meter(), '/templates?tab=library']) {
      await page.goto(server.url + path);
      await page.locator('main .panel, main aside').first().waitFor();
      await page.waitForTimeout(400);
      const names = await page.locator('main button, main a.btn').allInnerTexts();
      const verbs = /Add|New|Edit|Delete|Make|Load|Apply/;
      assert.deepEqual(names.filter((name) => verbs.test(name)), [], path);
      assert.equal(await page.locator('main input[type="checkbox"]').count(), 0);
    }
  } finally {
    await session.close();
  }
});

for (const [width, theme] of [
  [390, 'dark'],
  [1024, 'light'],
]) {
  test(`templates are accessible at ${width} px in ${theme}`, async () => {
    const path = await meter();
    const session = await open(browser, server, path, { width, theme });
    const { page } = session;
    try {
      for (const next of [path, '/templates', '/templates?tab=library', '/templates?do=add']) {
        await page.goto(server.url + next);
        await page.locator('main :is(.panel, aside):visible').first().waitFor();
        await page.waitForTimeout(300);
        assert.deepEqual(await violations(page), [], next);
        const scroll = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(scroll <= width, `${next}: ${scroll} px wide`);
      }
      assert.deepEqual(await problemsOf(session), []);
    } finally {
      await session.close();
    }
  });
}
