// Editing dashboards beside others: who may, what others save meanwhile, and leaving.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { Desk, dragByTouch, drag, middle, places, save, tile } from './boards.mjs';
import { boxOf, open, PASSWORD, problemsOf, Server, signIn } from './helpers.mjs';

const server = new Server();
const desk = new Desk(server);
const { edit, onPage, stored, widget } = desk;
let token;

before(async () => {
  await desk.start();
  for (const [name, role] of [
    ['anna', 'admin'],
    ['vera', 'viewer'],
    ['otto', 'operator'],
  ])
    await server.call('POST', 'users', {
      name,
      role,
      password: PASSWORD,
      must_change_password: false,
    });
  token = await server.signIn('anna', PASSWORD);
});
after(() => desk.end());

const NEWS = 'anna saved revision 2 of this dashboard.';
const bringIn = (page) => page.getByRole('button', { name: 'Bring in the changes' });
const titleOf = (page, name, text) =>
  tile(page, name)
    .click()
    .then(() => page.getByLabel('Title').fill(text));

test('what another person saves is told, and put off or brought into the draft', () =>
  edit('News', [widget('supply', 0), widget('return', 2)], async (page, made) => {
    await titleOf(page, 'supply_temperature', 'Mine');
    await desk.saveElsewhere(
      made.id,
      ({ groups }) => (groups[0].widgets[1].title = 'Theirs'),
      token,
    );
    await page.getByRole('status').getByText(NEWS).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByRole('button', { name: 'Later' }).click();
    await page.getByText(NEWS).waitFor({ state: 'detached' });
    // Whatever else changes in the plant does not bring it back; a newer revision does.
    await server.call('POST', 'groups', { name: 'Noise' });
    await page.waitForTimeout(1000);
    assert.equal(await bringIn(page).count(), 0);
    await desk.saveElsewhere(made.id, ({ groups }) => (groups[0].name = 'Plant'));
    await page.getByText('You saved revision 3 of this dashboard in another window').waitFor();
    await bringIn(page).press('Enter');
    await tile(page, 'Theirs').waitFor();
    await tile(page, 'Mine').waitFor();
    await page.getByRole('region', { name: 'Plant' }).waitFor();
    assert.deepEqual(
      (await stored(made.id)).groups[0].widgets.map(({ title }) => title),
      ['', 'Theirs'],
    );
    await save(page);
    const now = await stored(made.id);
    assert.equal(now.revision, 4);
    assert.deepEqual(
      now.groups[0].widgets.map(({ title }) => title),
      ['Mine', 'Theirs'],
    );
    await page.waitForTimeout(500);
    assert.equal(await bringIn(page).count(), 0, 'what one saves oneself is no news');
  }));

test('where both changed the same, bringing in asks', () =>
  edit('Clash', [widget('supply', 0)], async (page, made) => {
    await titleOf(page, 'supply_temperature', 'Mine');
    await desk.saveElsewhere(
      made.id,
      ({ groups }) => (groups[0].widgets[0].title = 'Theirs'),
      token,
    );
    await bringIn(page).click();
    const dialog = page.getByRole('dialog', { name: 'Two people changed this dashboard' });
    await dialog.getByRole('button', { name: 'Take theirs' }).click();
    await tile(page, 'Theirs').waitFor();
    await page.getByText('no changes', { exact: true }).waitFor();
    assert.equal((await stored(made.id)).revision, 2);
  }));

for (const [button, title, revision] of [
  ['Overwrite with mine', 'Mine', 3],
  ['Take theirs', 'Theirs', 2],
])
  test(`a save that comes too late: ${button.toLowerCase()}`, () =>
    edit(`Late: ${title}`, [widget('supply', 0)], async (page, made) => {
      await titleOf(page, 'supply_temperature', 'Mine');
      await desk.saveElsewhere(
        made.id,
        ({ groups }) => (groups[0].widgets[0].title = 'Theirs'),
        token,
      );
      await page.keyboard.press('Control+s');
      await page.getByRole('dialog').getByRole('button', { name: button }).click();
      await tile(page, title).waitFor();
      await page.getByText('no changes', { exact: true }).waitFor();
      const now = await stored(made.id);
      assert.deepEqual([now.groups[0].widgets[0].title, now.revision], [title, revision]);
    }));

test('a dashboard that was deleted meanwhile is saved as a new one', () =>
  edit('Doomed', [widget('supply', 0)], async (page, made) => {
    await tile(page, 'supply_temperature').focus();
    await page.keyboard.press('ArrowDown');
    await page.getByText('unsaved', { exact: true }).waitFor();
    await server.call('DELETE', `dashboards/${made.id}`);
    await page.getByRole('alert').getByText('was deleted in the meantime').waitFor();
    assert.deepEqual(await violations(page), []);
    // Nothing is lost by a reload either.
    await page.waitForTimeout(500);
    page.on('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await page.getByRole('button', { name: 'Continue with the draft' }).click();
    assert.match(await tile(page, 'supply_temperature').getAttribute('aria-label'), /row 2/);
    await page.getByRole('button', { name: 'Save as a new dashboard' }).click();
    await page.waitForURL((url) => !url.pathname.includes(made.id));
    const id = page.url().split('/').at(-2);
    assert.deepEqual(places(await stored(id)), [[0, 1, 2, 1]]);
    assert.equal((await stored(id)).name, 'Doomed');
  }));

test('going back with a draft asks, and stays where it is when that is refused', async () => {
  const { id } = await desk.board('Back', [widget('supply', 0)]);
  await onPage(`/d/all`, async (page) => {
    await page.getByRole('link', { name: 'Back', exact: true }).click();
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await tile(page, 'supply_temperature').focus();
    await page.keyboard.press('ArrowDown');
    const asked = [];
    let isLeaving = false;
    page.on('dialog', (dialog) => {
      asked.push(dialog.message());
      void (isLeaving ? dialog.accept() : dialog.dismiss());
    });
    for (let turn = 1; turn <= 2; turn += 1) {
      await page.evaluate(() => history.back());
      await page.waitForURL(`**/d/${id}/edit`);
      await page.waitForTimeout(300);
      assert.equal(asked.length, turn);
      assert.match(asked[0], /unsaved changes/);
      assert.match(await tile(page, 'supply_temperature').getAttribute('aria-label'), /row 2/);
    }
    isLeaving = true;
    await page.evaluate(() => history.back());
    await page.getByRole('heading', { level: 1, name: 'Back' }).waitFor();
    assert.equal(new URL(page.url()).pathname, `/d/${id}`);
    assert.equal(asked.length, 3);
    // The draft is still there, and going on brings it back.
    await page.evaluate(() => history.forward());
    await page.getByRole('dialog', { name: 'Unsaved draft' }).waitFor();
    await page.getByRole('button', { name: 'Discard the draft' }).click();
    await page.evaluate(() => history.back());
    await page.evaluate(() => history.back());
    await page.getByRole('heading', { level: 1, name: 'All dashboards' }).waitFor();
    assert.equal(asked.length, 3);
  });
});

test('closing the window with a draft asks; without one it does not', () =>
  edit('Close', [widget('supply', 0)], async (page) => {
    const asked = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.type());
      void dialog.accept();
    });
    await tile(page, 'supply_temperature').click();
    await page.reload();
    await tile(page, 'supply_temperature').click();
    assert.deepEqual(asked, []);
    await page.keyboard.press('ArrowDown');
    await page.reload();
    assert.deepEqual(asked, ['beforeunload']);
  }));

for (const [how, move, options] of [
  ['by mouse', drag, {}],
  ['by a finger', dragByTouch, { touch: true }],
])
  test(`a tag is dragged from the list to a cell, ${how}`, () =>
    edit(
      `From the list ${how}`,
      [widget('supply', 0)],
      async (page, made) => {
        const panel = page.locator('aside.options');
        await panel.getByRole('searchbox').fill('return_temperature');
        const found = panel.getByRole('list', { name: 'Tags' });
        await found.getByText('supply_temperature').waitFor({ state: 'detached' });
        const from = await middle(found.getByRole('button', { name: /return_temperature/ }));
        const grid = page.getByRole('region', { name: 'Boiler' }).locator('.grid');
        const { x, y, width } = await boxOf(grid);
        const step = (width + 8) / 12;
        await move(page, from, { x: x + step * 6 + 16, y: y + 72 + 16 });
        await tile(page, 'return_temperature').waitFor();
        await save(page);
        assert.deepEqual(places(await stored(made.id)), [
          [0, 0, 2, 1],
          [6, 1, 2, 1],
        ]);
      },
      options,
    ));

test('a finger drags a tile by its grip, its corner, and scrolls with the rest', () =>
  edit(
    'Finger',
    [widget('supply', 0), widget('return', 2), widget('pressure', 0, 30)],
    async (page, made) => {
      const grip = await middle(tile(page, 'supply_temperature'));
      await dragByTouch(page, grip, { x: grip.x, y: grip.y + 72 });
      await page.getByText('supply_temperature: column 1, row 2, 2 × 1').waitFor();
      const tall = page.locator('[data-cell]').filter({ has: tile(page, 'return_temperature') });
      const { x, y, width, height } = await boxOf(tall);
      const corner = { x: x + width - 8, y: y + height - 8 };
      await dragByTouch(page, corner, { x: corner.x + width + 8, y: corner.y + 72 });
      await page.getByText(/return_temperature: column 3, row 1, 4 × 2/).waitFor();
      await dragByTouch(page, { x: 400, y: 700 }, { x: 400, y: 400 });
      await page.waitForFunction(() => 100 < window.scrollY);
      await save(page);
      assert.deepEqual(places(await stored(made.id)), [
        [0, 1, 2, 1],
        [2, 0, 4, 2],
        [0, 30, 2, 1],
      ]);
    },
    { touch: true, width: 1024, height: 800 },
  ));

test('who may not configure is told the role that it takes, and who gives it', async () => {
  const { id } = await desk.board('Guarded', [widget('supply', 0)]);
  for (const [name, role] of [
    ['vera', 'Viewer'],
    ['otto', 'Operator'],
  ]) {
    const session = await open(desk.browser, server, '/', {
      signedIn: false,
      mayLoseLink: true,
    });
    const { page } = session;
    try {
      await signIn(page, name);
      await page.goto(`${server.url}/d/${id}`);
      await page.locator('.tile .live[data-state="good"]').first().waitFor();
      assert.equal(await page.getByRole('link', { name: 'Edit', exact: true }).count(), 0);
      await page.goto(`${server.url}/d/${id}/edit`);
      const said = `This page needs the role Administrator; you have the role ${role}.`;
      await page.getByText(said).waitFor();
      await page.getByText('An administrator can change your role').waitFor();
      assert.equal(await page.locator('[data-cell]').count(), 0);
      assert.deepEqual(await violations(page), []);
      await page.getByRole('link', { name: 'Back', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: 'Guarded' }).waitFor();
      await page.goto(`${server.url}/d/all`);
      await page.getByRole('link', { name: 'Guarded' }).waitFor();
      assert.equal(await page.getByRole('link', { name: 'New dashboard' }).count(), 0);
      assert.equal(await page.getByRole('button', { name: 'Delete Guarded' }).count(), 0);
      assert.deepEqual(await problemsOf(session), []);
    } finally {
      await session.close();
    }
  }
});
