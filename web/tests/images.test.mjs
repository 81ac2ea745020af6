// Pictures of dashboards and pages of others in frames, by mouse and by keyboard.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { boxOf, launch, open, problemsOf, Server } from './helpers.mjs';

const HALL = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 200" width="400"
height="200"><rect width="400" height="200" fill="#d9dcdf"/>
<rect x="40" y="60" width="120" height="80"
fill="#6f7a82"/><path d="M160 100h120" stroke="#6f7a82" stroke-width="8"/>
<circle cx="320" cy="100" r="40" fill="#6f7a82"/></svg>`;
const BAD = HALL.replace('<circle', '<script>alert(1)</script><circle');

/** A page of another server, and how often it was asked for. */
let asked = 0;
const other = createServer((_, answer) => {
  asked += 1;
  answer.setHeader('content-type', 'text/html');
  answer.end(`<!doctype html><html lang="en"><title>Other</title><main><h1>Page ${asked}</h1>
    <script>try { top.location = 'about:blank' } catch {}</script></main></html>`);
});
await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
const elsewhere = `http://127.0.0.1:${other.address().port}`;

const server = new Server({ HEADWORKS__SERVER__FRAME_SOURCES: elsewhere });
const files = mkdtempSync(join(tmpdir(), 'headworks-pictures-'));
let browser;
let supply;

before(async () => {
  await server.start();
  supply = await server.tag('demo/heating/boiler/supply_temperature');
  for (const [name, text] of Object.entries({ 'hall.svg': HALL, 'bad.svg': BAD }))
    writeFileSync(join(files, name), text);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server.end();
  other.close();
  other.closeAllConnections();
  rmSync(files, { recursive: true, force: true });
});

const upload = async (name, text = HALL) => {
  const answer = await fetch(`${server.url}/api/v1/pictures?name=${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}` },
    body: text,
  });
  assert.equal(answer.status, 201, await answer.clone().text());
  return answer.json();
};

const board = (name, widgets) =>
  server.call('POST', 'dashboards', { name, order: 5, groups: [{ name: 'Plan', widgets }] });

const tile = (type, more = {}) => ({ type, x: 0, y: 0, w: 6, h: 4, ...more });

/** What a page may say of an upload that is refused, and of a page that wants out of its frame. */
const REFUSED = /status of 422|Unsafe attempt to initiate navigation|top-navigation/;

async function onPage(path, run, options = {}) {
  const session = await open(browser, server, path, options);
  try {
    await run(session.page);
    const problems = await problemsOf(session);
    assert.deepEqual(
      problems.filter((problem) => !REFUSED.test(problem)),
      [],
    );
  } finally {
    await session.close();
  }
}

const options = (page) => page.locator('aside.options');
const choose = (page, name) =>
  page.getByRole('button', { name: new RegExp(`^${name}, `) }).click();
const save = async (page) => {
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('no changes', { exact: true }).waitFor();
};

test('a picture is uploaded, refused with the reason, and shown with a value', async () => {
  const made = await board('Uploads', [
    tile('image', { title: 'Hall', bindings: [{ tag: supply.id, x: 80, y: 50 }] }),
  ]);
  await onPage(`/d/${made.id}/edit`, async (page) => {
    await page.getByText('No picture is chosen yet').waitFor();
    await choose(page, 'Hall');
    const field = options(page).locator('input[type=file]');
    await field.setInputFiles(join(files, 'bad.svg'));
    const alert = options(page).getByRole('alert');
    await alert.getByText(/line 5 of the SVG has an element <script>/).waitFor();
    await field.setInputFiles(join(files, 'hall.svg'));
    await page.locator('.tile.image img').waitFor();
    await options(page).getByLabel('What it shows').fill('Plan of the hall');
    assert.deepEqual(await violations(page), []);
    await save(page);
  });
  await onPage(`/d/${made.id}`, async (page) => {
    const image = page.getByRole('img', { name: 'Plan of the hall' });
    await image.waitFor();
    const [width, height] = await image.evaluate((node) => [node.width, node.height]);
    assert.ok(Math.abs(width / height - 2) < 0.05, `${width} x ${height}`);
    const value = page.getByRole('button', { name: /supply_temperature/ }).last();
    await value.getByText(/°C/).waitFor();
    const [outer, inner] = [await boxOf(image), await boxOf(value)];
    const middle = (inner.x + inner.width / 2 - outer.x) / outer.width;
    assert.ok(Math.abs(middle - 0.8) < 0.02, `${middle}`);
    await value.press('Enter');
    await page.getByRole('complementary').or(page.getByRole('dialog')).first().waitFor();
  });
});

test('a file is dropped, and one of the same name gets another', async () => {
  await upload('drop.svg');
  const made = await board('Drops', [tile('image', { title: 'Dropped' })]);
  await onPage(`/d/${made.id}/edit`, async (page) => {
    await choose(page, 'Dropped');
    const data = await page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], 'drop.svg', { type: 'image/svg+xml' }));
      return transfer;
    }, HALL);
    await options(page)
      .getByRole('group', { name: 'Or drop a file here' })
      .dispatchEvent('drop', { dataTransfer: data });
    await page.locator('.tile.image img').waitFor();
    assert.equal(await options(page).getByLabel('Picture').inputValue(), 'drop (2).svg');
  });
});

test('pictures are chosen from the list by keyboard, and unused ones deleted', async () => {
  await upload('unused.svg');
  await upload('used.svg');
  const made = await board('Lists', [
    tile('image', { title: 'Listed', image: { file: 'used.svg' } }),
  ]);
  await onPage(`/d/${made.id}/edit`, async (page) => {
    await page.locator('.tile.image img').waitFor();
    await choose(page, 'Listed');
    await options(page).getByRole('button', { name: 'All pictures' }).press('Enter');
    const dialog = page.getByRole('dialog');
    const item = (name) => dialog.locator('li', { hasText: name });
    await item('unused.svg').getByRole('img', { includeHidden: true }).waitFor();
    assert.deepEqual(await violations(page), []);
    assert.equal(await item('used.svg').last().getByRole('button', { name: /Delete/ }).count(), 0);
    await dialog.getByRole('button', { name: 'Delete unused.svg' }).press('Enter');
    await item('unused.svg').waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: 'hall.svg', exact: true }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await options(page).getByLabel('Picture').inputValue(), 'hall.svg');
    await save(page);
  });
  const { items } = await server.call('GET', 'bin');
  assert.equal(items[0].body.name, 'unused.svg');
});

test('a picture that is not here says so, and what to do', async () => {
  const made = await board('From elsewhere', [
    tile('image', { title: 'Lost', image: { file: 'other-plant.svg' } }),
  ]);
  await onPage(`/d/${made.id}`, async (page) => {
    await page.getByText('There is no picture “other-plant.svg” in this hub').waitFor();
    await page.getByText(/Edit the dashboard to upload one/).waitFor();
    assert.deepEqual(await violations(page), []);
  });
});

test('a page on the list is framed, in a sandbox, and loaded anew', async () => {
  const made = await board('Frames', [
    tile('frame', { title: 'Other page', frame: { url: `${elsewhere}/ui`, refresh_s: 5 } }),
  ]);
  await onPage(`/d/${made.id}`, async (page) => {
    const frame = page.frameLocator('iframe[title="Other page"]');
    await frame.getByRole('heading', { name: /^Page \d+$/ }).waitFor();
    assert.equal(
      await page.locator('iframe').getAttribute('sandbox'),
      'allow-scripts allow-same-origin allow-forms',
    );
    assert.match(page.url(), new RegExp(made.id), 'it cannot leave its tile');
    const before = asked;
    for (let tries = 0; asked === before; tries += 1) {
      assert.ok(tries < 300, 'it was not loaded again');
      await page.waitForTimeout(100);
    }
  });
});

test('other pages are refused with the reason, and nothing is asked of them', async () => {
  const made = await board('Refused', [
    tile('frame', { title: 'Foreign', frame: { url: 'http://192.0.2.1/' } }),
    tile('frame', { title: 'Own', x: 6, frame: { url: `${server.url}/alarms` } }),
    tile('frame', { title: 'Empty', y: 4 }),
  ]);
  await onPage(`/d/${made.id}`, async (page) => {
    await page.getByText(/http:\/\/192\.0\.2\.1 is not on the list/).waitFor();
    await page.getByText('frame_sources = ["http://192.0.2.1"]').waitFor();
    await page.getByText('Pages of this hub itself are not shown in a frame').waitFor();
    await page.getByText('No address is set yet').waitFor();
    assert.equal(await page.locator('iframe').count(), 0);
  });
});

test('a tile for some roles is left out for others, and the editor shows it', async () => {
  const made = await board('Roles', [
    tile('text', { h: 1, description: 'for all' }),
    tile('text', { h: 1, y: 1, description: 'for owners', roles: ['owner'] }),
    tile('text', { h: 1, y: 2, description: 'for operators', roles: ['operator'] }),
  ]);
  await onPage(`/d/${made.id}`, async (page) => {
    await page.getByText('for owners').waitFor();
    await page.getByText('for all').waitFor();
    assert.equal(await page.getByText('for operators').count(), 0);
  });
  await onPage(`/d/${made.id}/edit`, async (page) => {
    await page.getByText('for operators').waitFor();
    await page.locator('[data-cell]').nth(2).click();
    const roles = options(page).getByRole('group', { name: 'Shown to' });
    assert.equal(await roles.getByLabel('Operator').isChecked(), true);
    await roles.getByLabel('Owner').check();
    await save(page);
  });
  const stored = await server.call('GET', `dashboards/${made.id}`);
  assert.deepEqual(stored.groups[0].widgets[2].roles, ['operator', 'owner']);
});

for (const theme of ['light', 'dark'])
  for (const width of [1600, 1024, 390])
    test(`axe finds nothing on pictures and frames, ${theme}, ${width} px`, async () => {
      const made = await board(`Axe ${theme} ${width}`, [
        tile('image', {
          title: 'Hall',
          bindings: [{ tag: supply.id, x: 20, y: 20 }],
          image: { file: 'hall.svg', alt: 'Plan', fit: 'cover' },
        }),
        tile('frame', { title: 'Foreign', x: 6, frame: { url: 'http://192.0.2.1/' } }),
      ]);
      await onPage(
        `/d/${made.id}`,
        async (page) => {
          await page.getByRole('img', { name: 'Plan' }).waitFor();
          await page.getByText(/is not on the list/).waitFor();
          assert.deepEqual(await violations(page), []);
        },
        { theme, width },
      );
    });
