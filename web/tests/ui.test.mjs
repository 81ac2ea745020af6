// What people do with the pages, against the real binary and the demo plant.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { boxOf, launch, open, problemsOf, Server, SOON, withPage } from './helpers.mjs';

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

/** Runs a test on a fresh page, and demands that nothing was wrong behind the scenes. */
const onPage = (name, path, run, options = {}) =>
  test(name, () => withPage(browser, server, path, options, run));

const SETPOINT = 'demo/heating/boiler/supply_setpoint';
const SUPPLY = 'demo/heating/boiler/supply_temperature';

/** Waits until a text is another than it was. */
async function changes(locator) {
  const first = await locator.innerText();
  await assert.doesNotReject(async () => {
    const end = Date.now() + SOON;
    while ((await locator.innerText()) === first) {
      if (end < Date.now()) throw new Error(`${first} stays as it is`);
      await locator.page().waitForTimeout(100);
    }
  });
}

onPage('the first dashboard makes itself and its values move', '/', async (page) => {
  await page.locator('.tile').nth(10).waitFor();
  assert.match(await page.locator('[data-link]').innerText(), /Live/);
  const values = page.locator('.tile .live[data-state="good"] .v');
  await values.nth(5).waitFor();
  const before = await values.allInnerTexts();
  await page.waitForFunction(
    (old) =>
      [...document.querySelectorAll('.tile .live .v')].some(
        (node, at) => old[at] !== undefined && node.textContent !== old[at],
      ),
    before,
  );
  await page.locator('[role="img"][aria-label*="lowest"]').first().waitFor();
});

onPage('a group folds and stays folded', '/', async (page) => {
  const first = page.locator('section h2 button').first();
  await first.click();
  assert.equal(await first.getAttribute('aria-expanded'), 'false');
  await page.reload();
  await page.locator('section h2 button[aria-expanded="false"]').first().waitFor();
});

onPage('a tile opens the panel of its tag with trend, quality and source', '/', async (page) => {
  await page.getByRole('button', { name: 'supply_temperature', exact: true }).first().click();
  const panel = page.locator('aside');
  await panel.getByText(SUPPLY).waitFor();
  await panel.locator('[role="img"][aria-label*="lowest"]').waitFor();
  assert.match(await panel.innerText(), /Good/);
  assert.match(await panel.innerText(), /Demonstration/);
  await changes(panel.locator('.now .v'));
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
});

onPage(
  'tags are searched and filtered on the server, and the address keeps it',
  '/tags',
  async (page) => {
    await page.getByPlaceholder('Search tags').fill('supply');
    await page.getByText('2 tags', { exact: true }).waitFor();
    assert.match(page.url(), /q=supply/);
    await page.reload();
    await page.getByText('2 tags', { exact: true }).waitFor();
    await page.getByPlaceholder('Search tags').fill('no such tag');
    await page.getByText('No tags match “no such tag”').waitFor();
    await page.getByRole('button', { name: 'Clear filter' }).click();
    await page.locator('[role="row"]').nth(5).waitFor();
  },
);

test('a table of ten thousand tags scrolls to its end with few rows in the page', async () => {
  const connection = await server.call('POST', 'connections', {
    name: 'Many',
    protocol: 'simulated',
  });
  const device = await server.call('POST', 'devices', {
    name: 'Many',
    connection: connection.id,
    path: 'zz/many',
    period_ms: 5_000,
  });
  for (let start = 0; start < 10_000; start += 1000) {
    const items = Array.from({ length: 1000 }, (_, at) => {
      const number = String(start + at).padStart(5, '0');
      return {
        device: device.id,
        name: `t${number}`,
        address: `constant:${start + at}`,
        data_type: 'float64',
      };
    });
    await server.call('POST', 'tags', { items });
  }
  const session = await open(browser, server, '/tags');
  const { page } = session;
  try {
    await page.getByText('10,050 tags').waitFor();
    const grid = page.getByRole('grid');
    await grid.evaluate((node) => node.scrollTo(0, node.scrollHeight));
    await page.getByRole('row', { name: /t09999/ }).waitFor();
    await page.locator('.live[data-state="good"]').first().waitFor();
    assert.ok((await page.locator('[role="row"]').count()) < 60);
    assert.ok((await page.locator('*').count()) < 3000);
    await grid.evaluate((node) => node.scrollTo(0, 180_000));
    await page.getByRole('row', { name: /t04960/ }).waitFor();
    await page
      .getByRole('row', { name: /t04960/ })
      .locator('.live[data-state="good"]')
      .waitFor();
    assert.deepEqual(await problemsOf(session), []);
  } finally {
    await session.close();
    await server.call('DELETE', `connections/${connection.id}?cascade=true`);
  }
});

test('a write is asked for, confirmed and read back from the device', async () => {
  const tag = await server.tag(SETPOINT);
  const session = await open(browser, server, `/tags/${tag.id}`);
  const { page } = session;
  try {
    const field = page.getByLabel(/New value/);
    await field.fill('not a number');
    await page.getByText('Not a number').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Write…' }).isDisabled());
    await field.fill('66,5');
    await page.getByText(/Understood as 66\.5 °C/).waitFor();
    await page.getByRole('button', { name: 'Write…' }).click();
    const dialog = page.getByRole('dialog');
    assert.match(await dialog.innerText(), new RegExp(SETPOINT));
    const focused = await page.evaluate(() => document.activeElement?.textContent);
    assert.match(focused, /Cancel/);
    await dialog.getByRole('button', { name: 'Write 66.5 °C' }).focus();
    await page.keyboard.press('Enter');
    assert.ok(await dialog.isVisible(), 'Enter does not write');
    await dialog.getByRole('button', { name: 'Write 66.5 °C' }).click();
    await page.getByText('Written and read back: 66.5 °C').waitFor();
    await page.locator('.now .v', { hasText: '66.5' }).waitFor();
    assert.equal((await server.tag(SETPOINT)).current.value, 66.5);
    assert.deepEqual(await problemsOf(session), []);
  } finally {
    await session.close();
  }
});

onPage(
  'a tag is added, edited by somebody else, and deleted',
  '/tags?do=add',
  async (page) => {
    const form = page.locator('aside form');
    await form.getByLabel(/^Device/).selectOption({ label: 'Boiler house' });
    await form.getByLabel(/^Name/).fill('spare');
    await form.getByLabel(/^Address/).fill('nonsense');
    await form.getByRole('button', { name: 'Save' }).click();
    await page.locator('aside .error, aside p.error').first().waitFor();
    assert.equal(
      await form.getByLabel(/^Name/).inputValue(),
      'spare',
      'the form keeps its input',
    );
    await form.getByLabel(/^Address/).fill('HR0');
    await form.getByRole('button', { name: 'Save' }).click();
    await page.locator('aside .now').waitFor();

    const stored = await server.tag('demo/heating/boiler/spare');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await form.getByLabel(/^Unit/).fill('K');
    const { device, name, address, data_type } = stored;
    await server.call('PUT', `tags/${stored.id}`, {
      device,
      name,
      address,
      data_type,
      unit: 'mK',
    });
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Somebody else saved this in the meantime').waitFor();
    await page.getByRole('button', { name: 'Save mine over it' }).click();
    await page.locator('aside .now').waitFor();
    assert.equal((await server.tag('demo/heating/boiler/spare')).unit, 'K');

    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('demo/heating/boiler/spare was deleted').waitFor();
    await assert.rejects(server.tag('demo/heating/boiler/spare'));
  },
  { mayLoseLink: true },
);

onPage(
  'a connection is added with a test, edited, logged and deleted',
  '/connections',
  async (page) => {
    const { items } = await server.call('GET', 'connections');
    const { endpoint } = items.find(({ name }) => name === 'Demonstration').settings;

    await page.getByRole('link', { name: 'Add connection' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: /^Modbus/ }).click();
    await dialog.getByRole('button', { name: 'Next' }).click();
    await dialog.getByText('This must be given').waitFor();
    await dialog.getByLabel(/^Name/).fill('Second way');
    await dialog.getByLabel(/Host and port/).fill(endpoint);
    await dialog.getByRole('button', { name: 'Next' }).click();
    await dialog.getByText('It works').waitFor();
    assert.match(await dialog.locator('pre').innerText(), /[0-9A-F]{2} [0-9A-F]{2}/i);
    await dialog.getByRole('button', { name: 'Next' }).click();
    await dialog.getByLabel(/Path in the plant/).fill('second/boiler');
    await dialog.getByRole('button', { name: 'Add connection' }).click();

    const panel = page.locator('aside');
    await panel.getByRole('heading', { name: 'Second way' }).waitFor();
    const found = await server.call('GET', 'devices');
    const device = found.items.find(({ name }) => name === 'Second way').id;
    await server.call('POST', 'tags', { device, name: 'supply', address: 'HR0' });
    await panel.locator('[data-state="running"]').waitFor();
    await panel.getByRole('tab', { name: 'Settings' }).click();
    await panel.getByText(/More settings/).click();
    await panel.getByLabel(/Answer within/).fill('750');
    await panel.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Second way was saved').waitFor();
    await panel.getByRole('tab', { name: 'Devices' }).click();
    await panel.getByRole('link', { name: 'Second way' }).waitFor();

    await panel.getByRole('tab', { name: 'Overview' }).click();
    await panel.getByRole('button', { name: 'Delete' }).click();
    const confirm = page.getByRole('dialog');
    await confirm.getByText('1 device goes with it: Second way').waitFor();
    assert.ok(await confirm.getByRole('button', { name: 'Delete' }).isDisabled());
    await confirm.getByRole('checkbox').check();
    await confirm.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Second way was deleted').waitFor();
  },
);

onPage(
  'an address without a device says why the test failed',
  '/connections?do=add',
  async (page) => {
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: /^Modbus/ }).click();
    await dialog.getByLabel(/^Name/).fill('Nobody');
    await dialog.getByLabel(/Host and port/).fill('127.0.0.1:1');
    await dialog.getByRole('button', { name: 'Next' }).click();
    await dialog.getByText('It does not work yet').waitFor();
  },
);

onPage('the raw log shows frames, pauses and is turned off', '/connections', async (page) => {
  await page.getByRole('link', { name: 'Demonstration' }).click();
  await page.getByRole('tab', { name: 'Raw log' }).click();
  await page.getByRole('button', { name: 'Turn the log on' }).click();
  const lines = page.locator('.log p');
  await lines.nth(3).waitFor();
  assert.match(await lines.nth(0).innerText(), /(?:[0-9A-F]{2} ){7}/);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.waitForTimeout(300);
  const before = await lines.nth(0).innerText();
  await page.waitForTimeout(1800);
  assert.equal(await lines.nth(0).innerText(), before);
  await page.getByRole('button', { name: 'Turn the log off' }).click();
  await lines.first().waitFor({ state: 'detached' });
});

onPage('a device is polled now and its tags are live', '/devices', async (page) => {
  await page.getByRole('link', { name: 'Boiler house' }).click();
  await page.getByRole('button', { name: 'Poll now' }).click();
  await page.getByText(/11 tags read, 0 failed/).waitFor();
  await page.getByRole('tab', { name: 'Tags' }).click();
  await page.locator('aside .live[data-state="good"]').nth(8).waitFor();
});

test('trends zoom by drag, wheel, buttons and keys, and the address keeps the window', async () => {
  const ids = [(await server.tag(SUPPLY)).id, (await server.tag(SETPOINT)).id];
  const session = await open(browser, server, `/trends?tags=${ids.join()}&span=60000`);
  const { page } = session;
  try {
    const chart = page.getByRole('application');
    await page.locator('[role="application"][aria-label*="lowest"]').waitFor();
    const box = await boxOf(chart);
    const span = () => Number(new URL(page.url()).searchParams.get('span'));
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2);
    await page.locator('.pens .cursor').first().waitFor();
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    await page.waitForFunction(() => /end=\d+/.test(location.search));
    const dragged = span();
    assert.ok(10_000 < dragged && dragged < 30_000, `${dragged} ms`);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, 240);
    await page.keyboard.up('Control');
    await page.waitForFunction(
      (old) => old < Number(new URLSearchParams(location.search).get('span')),
      dragged,
    );
    await chart.focus();
    const wheeled = span();
    await page.keyboard.press('+');
    await page.waitForFunction(
      (old) => Number(new URLSearchParams(location.search).get('span')) < old,
      wheeled,
    );
    const end = new URL(page.url()).searchParams.get('end');
    await page.keyboard.press('Shift+ArrowLeft');
    await page.waitForFunction(
      (old) => new URLSearchParams(location.search).get('end') !== old,
      end,
    );
    await page.getByRole('button', { name: 'Table' }).click();
    await page.locator('table tbody tr').nth(10).waitFor();
    await page.getByRole('button', { name: 'Now' }).click();
    await page.waitForFunction(() => !/end=/.test(location.search));
    await page.getByRole('button', { name: /Remove supply_setpoint/ }).click();
    assert.equal(new URL(page.url()).searchParams.get('tags'), ids[0]);
    assert.deepEqual(await problemsOf(session), []);
  } finally {
    await session.close();
  }
});

onPage('theme and language are chosen and kept', '/health', async (page) => {
  const WORDS = {
    de: 'Systemzustand',
    nl: 'Systeemstatus',
    it: 'Stato del sistema',
    zh: '系统状态',
    en: 'System health',
  };
  await page.locator('[popovertarget="prefs"]').click();
  await page.getByRole('button', { name: 'Dark' }).click();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  for (const [language, title] of Object.entries(WORDS)) {
    await page.locator('#prefs [name="language"]').selectOption(language);
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
    assert.equal(
      (await page.evaluate(() => document.documentElement.lang)).slice(0, 2),
      language,
    );
  }
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'System health' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
});

onPage('the keyboard alone reaches everything', '/', async (page) => {
  await page.locator('.tile').first().waitFor();
  await page.keyboard.press('Tab');
  assert.equal(
    await page.evaluate(() => document.activeElement?.textContent?.trim()),
    'Skip to the content',
  );
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  await page.getByRole('heading', { level: 1, name: 'Tags' }).waitFor();
  await page.locator('[role="row"]').nth(3).waitFor();
  await page.keyboard.press('/');
  assert.ok(await page.evaluate(() => document.activeElement?.hasAttribute('data-filter')));
  await page.getByRole('grid').focus();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.locator('aside').getByText('demo/heating/boiler/burner_output').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H2');
  await page.keyboard.press('Escape');
  await page.locator('aside').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('role')), 'grid');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search or jump' }).fill('vibration');
  await page.getByRole('option', { name: /pump1\/vibration/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('aside').getByText('demo/water/pump1/vibration').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Help' }).waitFor();
});

onPage('an unsaved form asks before it is left', '/tags?do=add', async (page) => {
  await page.locator('aside form').getByLabel(/^Name/).fill('half done');
  page.once('dialog', (dialog) => dialog.dismiss());
  await page.keyboard.press('Escape');
  await page.waitForTimeout(200);
  assert.equal(await page.locator('aside form').getByLabel(/^Name/).inputValue(), 'half done');
  page.once('dialog', (dialog) => dialog.accept());
  await page.keyboard.press('Escape');
  await page.locator('aside').waitFor({ state: 'detached' });
});

onPage('a page that does not exist leads on', '/no/such/page', async (page) => {
  await page.getByRole('heading', { level: 1, name: 'Page not found' }).waitFor();
  await page.locator('main').getByRole('link', { name: 'Dashboards' }).click();
  await page.locator('.tile').first().waitFor();
});

onPage(
  'a copy of the automatic dashboard is kept, shown first and deleted',
  '/d/all',
  async (page) => {
    await page.getByRole('link', { name: 'Keep a copy' }).click();
    await page.getByRole('heading', { level: 1, name: 'Editing My dashboard' }).waitFor();
    await page.locator('.tile').nth(3).waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('no changes', { exact: true }).waitFor();
    await page.goto(`${server.url}/`);
    await page.getByRole('heading', { level: 1, name: 'My dashboard' }).waitFor();
    await page.goto(`${server.url}/d/all`);
    await page.getByRole('button', { name: 'Delete My dashboard' }).click();
    await page.getByText('My dashboard was deleted').waitFor();
  },
);

test(
  'a lost server is said at once, and values come back without a reload',
  { skip: !server.isOurs && 'the server is not ours to stop' },
  async () => {
    const session = await open(browser, server, '/', { mayLoseLink: true });
    const { page } = session;
    try {
      await page.locator('.tile .live[data-state="good"]').nth(3).waitFor();
      await page.evaluate(() => (window.isSamePage = true));
      await server.stop();
      await page.locator('.tile .live[data-state="stale"]').nth(3).waitFor();
      await page
        .getByRole('alert')
        .getByText(/No data since \d\d:\d\d:\d\d/)
        .waitFor();
      assert.match(await page.locator('[data-link]').innerText(), /No data/);
      assert.equal(await page.locator('.tile .live[data-state="good"]').count(), 0);
      const hatched = page.locator('.tile[data-hatch="stale"]').first();
      assert.match(
        await hatched.evaluate((node) => getComputedStyle(node).backgroundImage),
        /gradient/,
      );
      await server.start();
      await page.locator('[data-link="live"]').waitFor({ timeout: 2 * SOON });
      await page.locator('.tile .live[data-state="good"]').nth(3).waitFor();
      await page.getByText(/No data since/).waitFor({ state: 'detached' });
      await changes(page.locator('.tile .live .v').nth(1));
      assert.ok(await page.evaluate(() => window.isSamePage));
      assert.deepEqual(await problemsOf(session), []);
    } finally {
      await session.close();
    }
  },
);
