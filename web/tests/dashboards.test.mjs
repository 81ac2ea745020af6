// Dashboards: edited by mouse and by keyboard, undone, kept, published, and by two people at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { bodyOf, cell, Desk, drag, middle, PATHS, places, save, tile } from './boards.mjs';
import { boxOf, Server } from './helpers.mjs';

const server = new Server();
const desk = new Desk(server);
const { tags } = desk;
const { board, edit, onPage, stored, widget } = desk;

before(() => desk.start());
after(() => desk.end());

test('a dashboard is made of tags, each as a widget that suits it', () =>
  onPage('/d/new/edit', async (page) => {
    await page.locator('aside.options').getByLabel(/^Name/).fill('Made here');
    await page.getByRole('button', { name: 'Add widget', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('searchbox').fill('boiler');
    await dialog.getByRole('checkbox', { name: PATHS.supply }).check();
    await dialog.getByRole('checkbox', { name: PATHS.burner }).check();
    assert.deepEqual(await violations(page), []);
    await dialog.getByRole('button', { name: 'Add 2 widgets' }).click();
    await tile(page, 'supply_temperature').waitFor();
    await page.getByRole('button', { name: 'Add widget', exact: true }).click();
    await dialog.getByText('Line chart').click();
    await dialog.getByRole('checkbox', { name: PATHS.supply }).check();
    await dialog.getByRole('checkbox', { name: PATHS.return }).check();
    await dialog.getByRole('button', { name: 'Add 1 widget' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.waitForURL(/\/d\/[0-9a-f-]{36}\/edit$/);
    const made = await stored(page.url().split('/').at(-2));
    assert.equal(made.name, 'Made here');
    const [group] = made.groups;
    assert.deepEqual(
      group.widgets.map(({ type, x, y, w, bindings }) => [type, x, y, w, bindings.length]),
      [
        ['value', 0, 0, 2, 1],
        ['status', 2, 0, 2, 1],
        ['line', 4, 0, 6, 2],
      ],
    );
  }));

test('by mouse: the grip moves a tile, the corner resizes it, neighbours make room', () =>
  edit(
    'Mouse',
    [widget('supply', 0), widget('return', 2), widget('pressure', 4)],
    async (page, made) => {
      const grip = await middle(tile(page, 'supply_temperature'));
      const there = await middle(tile(page, 'return_temperature'));
      await drag(page, grip, there);
      await page.getByText('supply_temperature: column 3, row 1, 2 × 1').waitFor();
      assert.match(await tile(page, 'return_temperature').getAttribute('aria-label'), /row 2/);
      const { x, y, width, height } = await boxOf(cell(page, 'water_pressure'));
      const corner = { x: x + width - 6, y: y + height - 6 };
      await drag(page, corner, { x: corner.x + width + 8, y: corner.y + 72 });
      await page.getByText(/water_pressure: column 5, row 1, 4 × 2/).waitFor();
      // Whatever else is dragged moves nothing.
      await drag(page, { x: x + width / 2, y: y + height / 2 + 8 }, { x: 300, y: 600 });
      await save(page);
      assert.deepEqual(places(await stored(made.id)), [
        [2, 0, 2, 1],
        [2, 1, 2, 1],
        [4, 0, 4, 2],
      ]);
    },
  ));

test('Escape ends a drag without a change, and the page is live meanwhile', () =>
  edit('Escape', [widget('supply', 0), widget('return', 2)], async (page) => {
    const before = await page.locator('.live .v').first().innerText();
    const grip = await middle(tile(page, 'supply_temperature'));
    await page.mouse.move(grip.x, grip.y);
    await page.mouse.down();
    await page.mouse.move(grip.x + 300, grip.y + 90, { steps: 5 });
    await page.waitForFunction(
      (text) => document.querySelector('.live .v').textContent !== text,
      before,
    );
    await page.keyboard.press('Escape');
    await page.mouse.up();
    await page.getByText('no changes').waitFor();
    assert.match(await tile(page, 'supply_temperature').getAttribute('aria-label'), /column 1/);
  }));

test('by keyboard: move, resize, duplicate, delete, undo and redo', () =>
  edit('Keys', [widget('supply', 0), widget('return', 2)], async (page, made) => {
    await tile(page, 'supply_temperature').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page
      .getByRole('status')
      .getByText('supply_temperature: column 2, row 2, 2 × 1')
      .waitFor();
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByRole('status').getByText('column 2, row 2, 3 × 2').waitFor();
    await page.keyboard.press('Control+d');
    await page.waitForFunction(() => document.querySelectorAll('[data-cell]').length === 3);
    assert.match(
      await page.evaluate(() => document.activeElement.getAttribute('aria-label')),
      /^supply/,
    );
    await page.keyboard.press('Delete');
    await page.waitForFunction(() => document.querySelectorAll('[data-cell]').length === 2);
    assert.match(await page.evaluate(() => document.activeElement.className), /grip/);
    await page.keyboard.press('Control+z');
    assert.equal(await page.locator('[data-cell]').count(), 3);
    await page.keyboard.press('Control+Shift+Z');
    assert.equal(await page.locator('[data-cell]').count(), 2);
    await page.keyboard.press('Control+s');
    await page.getByText('no changes', { exact: true }).waitFor();
    assert.deepEqual(places(await stored(made.id)), [
      [1, 1, 3, 2],
      [2, 0, 2, 1],
    ]);
    // All the way back, beyond what was saved.
    for (let turn = 0; turn < 9; turn += 1) await page.keyboard.press('Control+z');
    await save(page);
    assert.deepEqual(places(await stored(made.id)), [
      [0, 0, 2, 1],
      [2, 0, 2, 1],
    ]);
  }));

test('groups are made, named, ordered and deleted, and tiles go from one to the other', () => {
  const groups = [{ name: 'Meter', widgets: [] }];
  return edit(
    'Groups',
    [widget('supply', 0), widget('return', 2)],
    async (page, made) => {
      await tile(page, 'supply_temperature').focus();
      await page.keyboard.press('Alt+ArrowDown');
      await page.getByRole('region', { name: 'Meter' }).locator('[data-cell]').waitFor();
      await drag(
        page,
        await middle(tile(page, 'return_temperature')),
        await middle(page.getByRole('region', { name: 'Meter' }).locator('.grid')),
      );
      await page.getByRole('region', { name: 'Meter' }).locator('[data-cell]').nth(1).waitFor();
      await page.getByRole('button', { name: 'Add group' }).click();
      await page.keyboard.type('Pumps');
      await page.keyboard.press('Alt+ArrowUp');
      await page.getByRole('button', { name: 'Delete the group Boiler' }).click();
      await page
        .getByRole('region', { name: 'Meter' })
        .getByRole('checkbox', { name: 'Folded at first' })
        .check();
      await save(page);
      const { groups: now } = await stored(made.id);
      assert.deepEqual(
        now.map(({ name, collapsed, widgets }) => [name, collapsed, widgets.length]),
        [
          ['Pumps', false, 0],
          ['Meter', true, 2],
        ],
      );
    },
    { groups },
  );
});

test('a group is dragged by its grip', () =>
  edit(
    'Group drag',
    [widget('supply', 0)],
    async (page, made) => {
      const from = await middle(page.getByRole('button', { name: 'Drag Boiler' }));
      const { x, y, height } = await boxOf(page.getByRole('region', { name: 'Meter' }));
      await drag(page, from, { x: x + 40, y: y + height - 4 });
      await save(page);
      assert.deepEqual(
        (await stored(made.id)).groups.map(({ name }) => name),
        ['Meter', 'Boiler'],
      );
    },
    { groups: [{ name: 'Meter', widgets: [widget('return', 0)] }] },
  ));

test('options change one tile or several at once, and mistakes stand at their fields', () =>
  edit('Options', [widget('supply', 0), widget('return', 2)], async (page, made) => {
    await tile(page, 'supply_temperature').click();
    const panel = page.locator('aside.options');
    await panel.getByLabel('Title').fill('Flow');
    await cell(page, 'Flow').getByText('Flow').waitFor();
    await panel.getByLabel('Range of the scale').selectOption({ label: 'Fixed' });
    await panel.getByLabel('Upper end').fill('-5');
    await panel.getByText('A fixed scale needs both ends').waitFor();
    await panel.getByLabel('Upper end').fill('90,5');
    await panel.getByLabel('Columns').fill('4');
    await panel.getByLabel('Columns').blur();
    await tile(page, 'return_temperature').click({ modifiers: ['Shift'] });
    await panel.getByRole('heading', { name: '2 widgets selected' }).waitFor();
    await panel.getByLabel('Decimal places').fill('3');
    await panel.getByLabel('Show the unit').uncheck();
    assert.deepEqual(await violations(page), []);
    await save(page);
    const [{ widgets }] = (await stored(made.id)).groups;
    assert.deepEqual(
      widgets.map(({ format }) => [format.decimals, format.show_unit]),
      [
        [3, false],
        [3, false],
      ],
    );
    assert.equal(widgets[0].title, 'Flow');
    assert.deepEqual(widgets[0].axis.max, 90.5);
    assert.deepEqual(places(await stored(made.id)), [
      [0, 0, 4, 1],
      [2, 1, 2, 1],
    ]);
  }));

test('a draft is there again after a reload, and can be thrown away', () =>
  edit('Draft', [widget('supply', 0)], async (page, made) => {
    page.on('dialog', (dialog) => void dialog.accept());
    await tile(page, 'supply_temperature').focus();
    await page.keyboard.press('ArrowDown');
    await page.getByText('unsaved', { exact: true }).waitFor();
    await page.reload();
    await page.getByRole('dialog', { name: 'Unsaved draft' }).waitFor();
    await page.getByRole('button', { name: 'Continue with the draft' }).click();
    assert.match(await tile(page, 'supply_temperature').getAttribute('aria-label'), /row 2/);
    assert.deepEqual(places(await stored(made.id)), [[0, 0, 2, 1]]);
    await page.reload();
    await page.getByRole('button', { name: 'Discard the draft' }).click();
    assert.match(await tile(page, 'supply_temperature').getAttribute('aria-label'), /row 1/);
    await page.reload();
    await tile(page, 'supply_temperature').waitFor();
    assert.equal(await page.getByRole('dialog').count(), 0);
  }));

test('a session that ends in the middle of an edit loses nothing', () =>
  edit(
    'Session',
    [widget('supply', 0)],
    async (page, made) => {
      await tile(page, 'supply_temperature').focus();
      await page.keyboard.press('ArrowDown');
      await page.getByText('unsaved', { exact: true }).waitFor();
      await page.context().clearCookies();
      // The page may have noticed by itself and asks for the password already, above the button.
      await page.getByRole('button', { name: 'Save', exact: true }).dispatchEvent('click');
      await page.locator('input[name="password"]').fill('kettle-drum 7 ferry');
      await page.keyboard.press('Enter');
      await page
        .getByText(/saved as revision/)
        .first()
        .waitFor();
      assert.deepEqual(places(await stored(made.id)), [[0, 1, 2, 1]]);
    },
    { mayLoseLink: true },
  ));

test('two editors: what each changed is merged, what both changed is asked', () =>
  edit(
    'Two',
    [widget('supply', 0), widget('return', 2), widget('pressure', 4)],
    async (page, made) => {
      await tile(page, 'supply_temperature').click();
      await page.getByLabel('Title').fill('Mine');
      await tile(page, 'water_pressure').click();
      await page.getByLabel('Title').fill('My pressure');
      const theirs = structuredClone(made);
      theirs.groups[0].widgets[0].y = 3;
      theirs.groups[0].widgets[1].title = 'Their return';
      theirs.groups[0].widgets[2].title = 'Their pressure';
      const { id, revision, updated_us, ...body } = theirs;
      await desk.put(id, revision, body);
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      const dialog = page.getByRole('dialog', { name: 'Two people changed this dashboard' });
      await dialog.getByText('Theirs: 3 changes').waitFor();
      await dialog.getByText('Mine: 2 changes').waitFor();
      assert.equal(await dialog.getByRole('group').count(), 1);
      assert.deepEqual(await violations(page), []);
      await dialog.getByRole('group').getByLabel('Theirs').check();
      await dialog.getByRole('button', { name: 'Merge and save' }).click();
      await page.getByText(/saved as revision 3/).waitFor();
      const now = await stored(id);
      assert.deepEqual(
        now.groups[0].widgets.map(({ title, x, y }) => [title, x, y]),
        [
          ['Mine', 0, 3],
          ['Their return', 2, 0],
          ['Their pressure', 4, 0],
        ],
      );
    },
  ));

test('widgets are copied to another dashboard, and a wrong text says why', () =>
  edit(
    'Source',
    [widget('supply', 0, 0, { title: 'Copied' }), widget('return', 2)],
    async (page) => {
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await tile(page, 'Copied').click();
      await page.keyboard.press('Control+c');
      await page.getByText('1 widget copied').first().waitFor();
      const other = await board('Target', []);
      await page.goto(`${server.url}/d/${other.id}/edit`);
      await page.getByRole('region', { name: 'Boiler' }).waitFor();
      await page.keyboard.press('Control+v');
      await tile(page, 'Copied').waitFor();
      await save(page);
      const [pasted] = (await stored(other.id)).groups[0].widgets;
      assert.deepEqual([pasted.title, pasted.bindings[0].tag], ['Copied', tags.supply.id]);
      await page.getByRole('button', { name: 'Paste' }).click();
      const dialog = page.getByRole('dialog', { name: 'Paste' });
      await dialog
        .getByRole('textbox')
        .fill('{"format":"headworks_widgets","version":1,"widgets":[{"type":"value"}]}');
      await dialog.getByRole('button', { name: 'Paste' }).click();
      await dialog.getByText('The text is no widget at widgets/0/x').waitFor();
    },
  ));

test('a tag that is renamed stays, one that is deleted is said and bound anew', async () => {
  const spare = await server.call('POST', 'tags', { ...bodyOf(tags.supply), name: 'spare' });
  tags.spare = spare;
  await edit('Tags', [widget('spare', 0)], async (page, made) => {
    await tile(page, 'spare').waitFor();
    const edits = [{ op: 'patch', id: spare.id, patch: { name: 'renamed' } }];
    await server.call('POST', 'edits', { edits });
    await tile(page, 'renamed').waitFor();
    await server.call('DELETE', `tags/${spare.id}`);
    await page.getByText('The tag of this tile no longer exists').waitFor();
    await page.locator('[data-cell] .grip').click();
    await page.getByRole('button', { name: 'Deleted tag: choose another' }).click();
    await page.getByRole('dialog').getByRole('searchbox').fill('water_pressure');
    await page.getByRole('dialog').getByRole('button', { name: PATHS.pressure }).click();
    await tile(page, 'water_pressure').waitFor();
    await save(page);
    assert.equal((await stored(made.id)).groups[0].widgets[0].bindings[0].tag, tags.pressure.id);
  });
});

test('on a phone tiles have an order only', () =>
  edit(
    'Phone',
    [widget('supply', 0), widget('return', 2)],
    async (page, made) => {
      await page.getByRole('button', { name: 'Move return_temperature up' }).click();
      assert.deepEqual(await violations(page), []);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 390, `${wide} px`);
      await save(page);
      assert.deepEqual(places(await stored(made.id)), [
        [2, 0, 2, 1],
        [0, 0, 2, 1],
      ]);
    },
    { width: 390, height: 844, touch: true },
  ));

test('the preview shows other widths, and who may not configure cannot edit', async () => {
  await edit('Preview', [widget('supply', 0), widget('return', 2)], async (page) => {
    for (const [label, columns] of [
      ['Preview: phone', 2],
      ['Preview: tablet', 12],
      ['Preview: wall', 12],
    ]) {
      await page.getByTitle('Preview').selectOption({ label });
      const grid = page.locator('.screen .grid').first();
      await grid.waitFor();
      const template = await grid.evaluate((node) => getComputedStyle(node).gridTemplateColumns);
      assert.equal(template.split(' ').length, columns, label);
    }
  });
});

test('no width and theme of the editor has violations', async () => {
  const made = await board('Axe', [
    widget('supply', 0),
    widget('burner', 2, 0, { type: 'status' }),
  ]);
  for (const theme of ['light', 'dark'])
    for (const width of [1600, 1024, 390])
      await onPage(
        `/d/${made.id}/edit`,
        async (page) => {
          await page.getByText('supply_temperature').first().waitFor();
          assert.deepEqual(await violations(page), [], `${theme} ${width}`);
        },
        { theme, width },
      );
});

test('a dashboard is deleted from the list and comes back', () =>
  onPage('/d/all', async (page) => {
    await page.getByRole('button', { name: 'Delete Axe' }).click();
    await page.getByText('Axe was deleted').waitFor();
    await page.getByRole('link', { name: 'Axe', exact: true }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('link', { name: 'Axe', exact: true }).waitFor();
    assert.deepEqual(await violations(page), []);
  }));

test('what saving would do is copied as a call', () =>
  edit('As a call', [widget('supply', 0)], async (page, made) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await tile(page, 'supply_temperature').focus();
    await page.keyboard.press('ArrowRight');
    await page.getByText('supply_temperature: column 2, row 1').waitFor();
    await page.getByRole('button', { name: 'Copy as API call' }).click();
    const line = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(line.startsWith(`curl -X PUT '${server.url}/api/v1/dashboards/${made.id}'`), line);
    assert.ok(line.includes(`if-match: "${made.revision}"`));
    const body = JSON.parse(/ -d '(.*)'$/s.exec(line)[1].replaceAll("'\\''", "'"));
    assert.equal(body.groups[0].widgets[0].x, 1);
    assert.equal((await stored(made.id)).groups[0].widgets[0].x, 0, 'copying saves nothing');
  }));
