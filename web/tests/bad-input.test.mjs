// Dashboards with what goes wrong around them: names, tags, devices, clocks and links.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bodyOf, Desk, save, tile } from './boards.mjs';
import { open, problemsOf, Server } from './helpers.mjs';

const server = new Server();
const desk = new Desk(server);
const { board, edit, onPage, tags, widget } = desk;

before(() => desk.start());
after(() => desk.end());

const good = (page) => page.locator('.tile .live[data-state="good"]');
const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth);

const HTML = '<img src=x onerror="window.hit=1"><b>bold</b> &amp; {name}';
const NAMES = [
  HTML,
  'غرفة الغلاية رقم ٣ – درجة الحرارة',
  '三号锅炉房 供水温度监测与报警总览看板',
  'W'.repeat(128),
];

test('names of every script, full of HTML and very long are shown as they are', async () => {
  const made = await Promise.all(
    NAMES.map((name) => board(name, [widget('supply', 0, 0, { title: name })])),
  );
  for (const [at, name] of NAMES.entries())
    await onPage(
      `/d/${made[at].id}`,
      async (page) => {
        await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
        await page.getByRole('button', { name, exact: true }).waitFor();
        await good(page).waitFor();
        assert.equal(await page.title(), `${name.replace(/\s+/g, ' ')} – Headworks`);
        assert.ok((await wide(page)) <= 390, `${await wide(page)} px for ${name}`);
        if (name !== HTML) return;
        await page.goto(`${server.url}/d/all`);
        for (const one of NAMES) await page.getByRole('link', { name: one, exact: true }).waitFor();
        assert.ok((await wide(page)) <= 390, `${await wide(page)} px in the list`);
        await page.setViewportSize({ width: 1200, height: 800 });
        await page.goto(`${server.url}/d/${made[at].id}/edit`);
        await page.getByRole('heading', { level: 1, name: `Editing ${name}` }).waitFor();
        await page.locator('[data-cell]').waitFor();
        assert.equal(await page.locator('main img').count(), 0);
        assert.equal(await page.evaluate(() => window.hit), undefined);
      },
      { width: 390, height: 844, touch: true },
    );
});

test('a name of 5,000 characters is cut where it is typed, and refused by the hub', async () => {
  const name = 'n'.repeat(5000);
  await assert.rejects(board(name, []), /422/);
  await edit('Short', [widget('supply', 0)], async (page, { id }) => {
    const field = page.locator('aside.options').getByLabel(/^Name/);
    await field.fill('');
    await field.focus();
    await page.keyboard.insertText(name);
    assert.equal((await field.inputValue()).length, 128);
    await save(page);
    assert.equal((await desk.stored(id)).name.length, 128);
  });
});

test('a tag that is renamed or deleted under a tile is followed while one looks', async () => {
  const { id } = await server.call('POST', 'tags', { ...bodyOf(tags.supply), name: 'brief' });
  tags.brief = { id };
  const made = await board('Followed', [widget('brief', 0), widget('return', 2)]);
  await onPage(`/d/${made.id}`, async (page) => {
    await page.getByRole('button', { name: 'brief' }).waitFor();
    const edits = [{ op: 'patch', id, patch: { name: 'afterwards' } }];
    await server.call('POST', 'edits', { edits });
    await page.getByRole('button', { name: 'afterwards' }).waitFor();
    await good(page).nth(1).waitFor();
    await server.call('DELETE', `tags/${id}`);
    await page.getByText('The tag of this tile no longer exists').waitFor();
    await good(page).waitFor();
    assert.equal(await page.locator('.tile').count(), 2);
  });
});

test('a device that does not answer has no value, and takes nothing from the others', async () => {
  const { id: connection } = await server.call('POST', 'connections', {
    name: 'Dead line',
    protocol: 'modbus',
    settings: { transport: 'tcp', endpoint: '127.0.0.1:1' },
  });
  const { id: device } = await server.call('POST', 'devices', {
    name: 'Dead device',
    path: 'dead',
    connection,
    settings: { unit_id: 1 },
  });
  tags.dead = await server.call('POST', 'tags', {
    device,
    name: 'silent',
    address: 'holding:0',
    data_type: 'uint16',
  });
  const made = await board('Offline', [widget('dead', 0), widget('supply', 2)]);
  await onPage(`/d/${made.id}`, async (page) => {
    await page.getByRole('button', { name: 'silent' }).waitFor();
    await good(page).waitFor();
    const dead = page.locator('.tile', { hasText: 'silent' }).locator('.live');
    assert.notEqual(await dead.getAttribute('data-state'), 'good');
    assert.match(await dead.locator('.v').innerText(), /^(?:–|···)$/);
    assert.equal(await good(page).count(), 1);
  });
});

test('a browser whose clock is an hour off shows fresh values and the time of the hub', () =>
  onPage('/d/auto', async (page) => {
    await page.addInitScript(() => {
      const now = Date.now.bind(Date);
      const HOUR_MS = 3_600_000;
      window.Date = class extends Date {
        constructor(...parts) {
          if (parts.length === 0) super(now() + HOUR_MS);
          else super(...parts);
        }
        static now() {
          return now() + HOUR_MS;
        }
      };
    });
    await page.reload();
    await good(page).nth(5).waitFor();
    await page.getByText(/clock/i).first().waitFor({ state: 'attached' });
    const off = page.locator('header .skew');
    assert.match(await off.innerText(), /−1 ?h|1 h/);
    const [hour, minute] = (await page.locator('header time').innerText()).split(':').map(Number);
    const there = new Date();
    const apart = (hour - there.getHours()) * 60 + minute - there.getMinutes();
    assert.ok([-1, 0, 1, 1439, -1439].includes(apart), `${apart} minutes`);
    assert.equal(await page.locator('.tile .live[data-state="stale"]').count(), 0);
  }));

test('a link that drops again and again comes back by itself each time', async () => {
  const session = await open(desk.browser, server, '/d/all', { mayLoseLink: true });
  const { page } = session;
  let links = 0;
  try {
    await page.routeWebSocket(/\/ws$/, (link) => {
      links += 1;
      const hub = link.connectToServer();
      setTimeout(() => {
        void link.close({ code: 1001 });
        void hub.close({ code: 1001 });
      }, 2500);
    });
    await page.goto(`${server.url}/d/auto`);
    await good(page).nth(5).waitFor();
    await page.evaluate(() => (window.isSamePage = true));
    for (const wanted of [2, 3, 4]) {
      const end = Date.now() + 30_000;
      while (links < wanted && Date.now() < end) await page.waitForTimeout(100);
      assert.ok(wanted <= links, `${links} links`);
      await page.locator('[data-link="live"]').waitFor();
      await good(page).nth(5).waitFor();
    }
    assert.ok(await page.evaluate(() => window.isSamePage), 'without a reload');
    assert.deepEqual(await problemsOf(session), []);
  } finally {
    await session.close();
  }
});

test('a draft lives through a link that drops', async () => {
  const made = await board('Shaky', [widget('supply', 0)]);
  const session = await open(desk.browser, server, '/d/all', { mayLoseLink: true });
  const { page } = session;
  try {
    await page.routeWebSocket(/\/ws$/, (link) => {
      const hub = link.connectToServer();
      setTimeout(() => {
        void link.close({ code: 1001 });
        void hub.close({ code: 1001 });
      }, 1500);
    });
    await page.goto(`${server.url}/d/${made.id}/edit`);
    await tile(page, 'supply_temperature').focus();
    for (let row = 2; row <= 5; row += 1) {
      await page.keyboard.press('ArrowDown');
      await page.waitForTimeout(800);
      const said = await tile(page, 'supply_temperature').getAttribute('aria-label');
      assert.match(said, new RegExp(`row ${row}`));
    }
    await save(page);
    assert.equal((await desk.stored(made.id)).groups[0].widgets[0].y, 4);
    assert.deepEqual(await problemsOf(session), []);
  } finally {
    await session.close();
  }
});
