// Tiles of dashboards: every type on the demo plant, by mouse and by keyboard.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { boxOf, launch, open, PASSWORD, problemsOf, Server, SOON } from './helpers.mjs';
import { boardOf } from './widgets-board.mjs';

const server = new Server();
const LEVEL = 'demo/water/tank/level_setpoint';
const VALVE = 'demo/water/tank/inlet_valve';
const JOG = 'demo/water/pump2/run';
const SPEED = 'demo/water/pump1/speed_setpoint';
let browser;
let board;

before(async () => {
  await server.start();
  browser = await launch();
  board = await server.call('POST', 'dashboards', await boardOf(server));
  const supply = await server.tag('demo/heating/boiler/supply_temperature');
  const condition = { kind: 'high', limit: 1 };
  const rule = { name: 'supply is warm', tag: supply.id, priority: 2, condition };
  await server.call('POST', 'alarm-rules', rule);
});

after(async () => {
  await browser?.close();
  await server.end();
});

/** Runs a test on the dashboard, and demands that nothing was wrong behind the scenes. */
function onBoard(name, run, options = {}) {
  test(name, async () => {
    const session = await open(browser, server, `/d/${board.id}`, options);
    try {
      await session.page.locator('.alarm_list td').first().waitFor();
      await session.page.locator('.table [role=gridcell]').first().waitFor();
      await run(session.page);
      assert.deepEqual(await problemsOf(session), []);
    } finally {
      await session.close();
    }
  });
}

const tile = (page, title) =>
  page.locator('.tile', { has: page.locator(`> .title:text-is("${title}")`) });
const valueOf = async (path) => (await server.tag(path)).current?.value;

/** Waits until a tag has a value. */
async function becomes(path, wanted) {
  const end = Date.now() + SOON;
  for (;;) {
    const value = await valueOf(path);
    if (value === wanted) return;
    if (end < Date.now()) assert.equal(value, wanted, path);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

onBoard('every type shows what it is for', async (page) => {
  const shows = async (title, pattern) => {
    await tile(page, title).getByText(pattern).first().waitFor();
  };
  await shows('Supply', /°C/);
  await shows('Supply', /^SP$/);
  await shows('Burner', /On|Off/);
  await shows('Insulation', /Warning|Sound/);
  await shows('Sorted', 'current_l1');
  await shows('All switches', /need a look|All normal|needs a look/);
  await shows('Water', 'inlet_valve');
  await shows('Alarms of water', 'supply is warm');
  await shows('Elsewhere', /No address is set yet/);
  assert.equal(await page.locator('.tile.text h3, .tile.text .heading').count(), 1);
  await tile(page, 'Half circle').locator('path.fill').waitFor();
  const said = await tile(page, 'Each hour').getByRole('img').getAttribute('aria-label');
  assert.match(said, /\d\d:\d\d: \d/);
  const shifts = await tile(page, 'Each shift').getByRole('img').getAttribute('aria-label');
  assert.equal(shifts.match(/(?:05|17):30: /g)?.length, 9, shifts);
  assert.match(shifts, /(?:05|17):30: \d[^;]*$/);
});

onBoard('a gauge colours only the zone that the value is in', async (page) => {
  const gauge = tile(page, 'Bar gauge');
  await gauge.locator('rect.p3').waitFor();
  assert.equal(await gauge.locator('rect.zone').count(), 3);
  assert.equal(await gauge.locator('rect:is(.p1, .p2, .p3, .p4)').count(), 1);
});

onBoard('a tile whose tag is in alarm has the outline and the mark', async (page) => {
  await page.locator('.tile.value.p2 .mark svg[aria-label="supply is warm"]').waitFor();
  assert.equal(
    await tile(page, 'To alarms').evaluate((node) => /\bp\d\b/.test(node.className)),
    false,
  );
});

onBoard('bars in order and a table that is sorted by a click', async (page) => {
  const names = async () =>
    (
      await tile(page, 'Water')
        .locator('[role=row] [role=gridcell]:first-child')
        .allInnerTexts()
    ).map((name) => name.trim());
  const rising = await names();
  await tile(page, 'Water').getByRole('button', { name: /Name/ }).click();
  await page.waitForFunction(
    (first) => document.querySelector('.table [role=gridcell]')?.textContent?.trim() !== first,
    rising[0],
  );
  assert.equal((await names())[0], 'water_temperature');
  const numbers = (await tile(page, 'Sorted').locator('.v').allInnerTexts()).map(Number);
  assert.equal(numbers.length, 3);
});

onBoard('a chart is zoomed by drag and by keyboard, and goes back', async (page) => {
  const chart = tile(page, 'Two axes');
  const group = chart.getByRole('group', { name: 'Time shown' });
  const back = group.getByRole('button', { name: 'Back to the present' });
  await group.getByRole('button', { name: 'Zoom in' }).waitFor({ state: 'attached' });
  const asked = page.waitForRequest(/trend-data.*points=600/);
  await group.getByRole('button', { name: 'Zoom in' }).press('Enter');
  const query = new URL((await asked).url()).searchParams;
  assert.equal(Math.round((query.get('end_us') - query.get('start_us')) / 1e6), 150);
  await back.press('Enter');
  await back.waitFor({ state: 'detached' });
  const box = await boxOf(chart.locator('.u-over'));
  await page.mouse.move(box.x + box.width * 0.6, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await back.click();
});

onBoard('charts of a group have one cursor, with values, by pointer and by keys', async (page) => {
  const [first, second] = [tile(page, 'Two axes'), tile(page, 'Beside it')];
  await second.locator('.u-over').waitFor();
  // The first samples are there once the chart says how they are.
  await second.getByRole('img', { name: /Beside it\. / }).waitFor();
  const box = await boxOf(first.locator('.u-over'));
  // A few seconds ago: the newest samples may still be on their way.
  await page.mouse.move(box.x + box.width * 0.98, box.y + 30);
  await page.mouse.move(box.x + box.width * 0.975, box.y + 31);
  for (const chart of [first, second])
    await chart.locator('.at b', { hasText: /\d/ }).first().waitFor();
  const times = await Promise.all(
    [first, second].map((chart) => chart.locator('.at .num').first().innerText()),
  );
  assert.equal(times[0], times[1]);
  await page.mouse.move(2, 2);
  await first.locator('.at.empty').waitFor({ state: 'attached' });
  const clock = second.getByRole('button', { name: /Values at a time/ });
  await clock.press('Enter');
  await second.locator('.at b').waitFor();
  assert.equal(await second.locator('.at').getAttribute('aria-live'), 'polite');
  const before = await second.locator('.at .num').first().innerText();
  await clock.press('PageUp');
  await page.waitForFunction(
    (text) => document.querySelectorAll('.at .num')[0]?.textContent !== text,
    before,
  );
  await clock.press('Escape');
  await second.locator('.at.empty').waitFor({ state: 'attached' });
});

onBoard('alarms are marked on a chart that asks for it, and said', async (page) => {
  const marks = tile(page, 'Two axes').getByRole('list', { name: 'Alarms in this time' });
  await marks.getByText(/supply is warm, demo\/heating\/boiler\/supply_temperature/).waitFor();
  assert.equal(
    await tile(page, 'Beside it').getByRole('list', { name: 'Alarms in this time' }).count(),
    0,
  );
});

onBoard(
  'states over time say how long each lasted, as a picture and as a table',
  async (page) => {
    const timeline = tile(page, 'Machines');
    const said = await timeline.getByRole('img').first().getAttribute('aria-label');
    assert.match(said, /^run: (?:On|Off) .*%\)/);
    await timeline.getByRole('button', { name: 'As a table' }).press('Enter');
    await timeline.locator('tbody tr').first().waitFor();
  },
);

onBoard('a link of a tile opens a page of ours, by keyboard too', async (page) => {
  await page.getByRole('link', { name: 'To alarms' }).press('Enter');
  await page.waitForURL(/\/alarms$/);
});

onBoard('a setpoint asks with old and new value, and says what was read back', async (page) => {
  const level = tile(page, 'Level');
  const input = level.getByRole('textbox', { name: 'New value of Level' });
  await input.fill('1000');
  assert.equal(await level.getByRole('button', { name: /Write/ }).isDisabled(), true);
  await input.fill('55');
  await input.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText(LEVEL).waitFor();
  assert.equal(
    await dialog
      .getByRole('button', { name: 'Cancel' })
      .evaluate((node) => node === document.activeElement),
    true,
  );
  await dialog.getByRole('button', { name: /Write 55/ }).click();
  await level.getByText(/55/).first().waitFor();
  await becomes(LEVEL, 55);
  await level.locator('.outcome.done').waitFor();
});

onBoard('a setpoint with a list needs the tick where it is asked for', async (page) => {
  await tile(page, 'Speed').getByRole('combobox').selectOption({ label: 'Half' });
  const dialog = page.getByRole('dialog');
  const write = dialog.getByRole('button', { name: /Write/ });
  assert.equal(await write.isDisabled(), true);
  await dialog.getByRole('checkbox').check();
  await write.click();
  await tile(page, 'Speed').locator('.outcome.done').waitFor();
  await becomes(SPEED, 1450);
});

onBoard('a slider is worked by keys and writes nothing before it is asked', async (page) => {
  const slide = tile(page, 'Slide');
  const writes = [];
  page.on(
    'request',
    (request) => request.url().endsWith('/write') && writes.push(request.url()),
  );
  await slide.getByRole('slider').press('ArrowRight');
  await slide.getByRole('button', { name: /Write/ }).press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  assert.deepEqual(writes, []);
});

onBoard('a button switches over after a question', async (page) => {
  const was = await valueOf(VALVE);
  await tile(page, 'Valve')
    .getByRole('button', { name: /Open or close/ })
    .click();
  await page.getByRole('dialog').getByRole('button', { name: /Write/ }).click();
  await becomes(VALVE, !was);
});

onBoard('a button to hold writes after half a second, and again when let go', async (page) => {
  const button = tile(page, 'Jog').getByRole('button', { name: /Hold to run/ });
  const bodies = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/write')) bodies.push(request.postDataJSON().value);
  });
  await button.scrollIntoViewIfNeeded();
  const box = await boxOf(button);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.up();
  await page.waitForTimeout(700);
  assert.deepEqual(bodies, [], 'a short press does nothing');
  await page.mouse.down();
  await becomes(JOG, true);
  await page.mouse.up();
  await becomes(JOG, false);
  await button.focus();
  await page.keyboard.down('Space');
  await becomes(JOG, true);
  await page.evaluate(() => document.activeElement.blur());
  await becomes(JOG, false);
  await page.keyboard.up('Space');
  assert.deepEqual(bodies, [true, false, true, false]);
});

test('in the smallest tiles a value can be set and the state of a button is seen', async () => {
  const [level, speed, valve, heat] = await Promise.all(
    [LEVEL, SPEED, VALVE, 'demo/heating/boiler/supply_setpoint'].map((path) =>
      server.tag(path),
    ),
  );
  const small = (type, x, y, w, tag, more) => ({
    type,
    x,
    y,
    w,
    h: 1,
    bindings: [{ tag: tag.id }],
    ...more,
  });
  const choices = [{ value: 0, text: 'Stop' }, { value: 1450 }];
  const made = await server.call('POST', 'dashboards', {
    name: 'Small ones',
    groups: [
      {
        name: 'Small',
        widgets: [
          small('setpoint', 0, 0, 2, level, { title: 'Level' }),
          small('setpoint', 2, 0, 2, speed, { title: 'Speed', setpoint: { choices } }),
          small('setpoint', 4, 0, 2, heat, { title: 'Heat', setpoint: { control: 'slider' } }),
          small('button', 6, 0, 1, valve, { title: 'Valve', button: { value: true } }),
          small('button', 7, 0, 2, valve, { title: 'Valve 2', button: { value: true } }),
          small('button', 9, 0, 1, valve, {
            title: 'Valve 3',
            button: { action: 'toggle', label: 'Open or close' },
          }),
        ],
      },
    ],
  });
  for (const width of [1400, 1000, 820, 390]) {
    const session = await open(browser, server, `/d/${made.id}`, {
      width,
      theme: width === 1000 ? 'dark' : 'light',
    });
    try {
      const { page } = session;
      const state = page.locator('.tile.button .live .v');
      await state.filter({ hasText: /On|Off/ }).nth(2).waitFor();
      const cut = await page.locator('.tile').evaluateAll((tiles) =>
        tiles.flatMap((tile) => {
          const outer = tile.getBoundingClientRect();
          const parts = [...tile.querySelectorAll('input, select, button, .button .live .v')];
          return parts
            .filter((part) => {
              const box = part.getBoundingClientRect();
              const isCut = part.matches('.v') && part.clientWidth < part.scrollWidth;
              return isCut || outer.right < box.right || outer.bottom < box.bottom;
            })
            .map((part) => `${tile.innerText}: ${part.outerHTML}`);
        }),
      );
      assert.deepEqual(cut, [], `${width} px`);
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/s${width}.png` });
      if (width === 1000) {
        const opener = tile(page, 'Level').getByRole('button', { name: 'New value of Level' });
        await opener.press('Enter');
        const dialog = page.getByRole('dialog');
        await dialog.getByRole('textbox').fill('1000');
        await dialog.locator('input[aria-invalid=true]').waitFor();
        if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/dlg.png` });
        await dialog.getByRole('textbox').fill('57');
        assert.deepEqual(await violations(page), []);
        await page.keyboard.press('Enter');
        await dialog.getByRole('button', { name: /Write 57/ }).click();
        await becomes(LEVEL, 57);
        await tile(page, 'Level').locator('.outcome.done').waitFor();
        assert.equal(await opener.evaluate((node) => node === document.activeElement), true);
      }
      assert.deepEqual(await violations(page), []);
      assert.deepEqual(await problemsOf(session), []);
    } finally {
      await session.close();
    }
  }
});

onBoard('an alarm is acknowledged in the list', async (page) => {
  const list = tile(page, 'Alarms of water');
  await list.getByRole('button', { name: /Ack.*supply is warm/ }).press('Enter');
  await list.getByRole('button', { name: /Ack/ }).waitFor({ state: 'detached' });
  const { items } = await server.call('GET', 'alarms?state=unacknowledged');
  assert.deepEqual(items, []);
});

test('who may only look can neither write nor acknowledge', async () => {
  const body = { name: 'looker', role: 'viewer', password: PASSWORD };
  await server.call('POST', 'users', body);
  const token = await server.signIn('looker', PASSWORD);
  const cookies = server.cookies;
  const answer = await fetch(`${server.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'looker', password: PASSWORD }),
  });
  assert.ok(token);
  server.cookies = answer.headers.getSetCookie().map((text) => {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(text);
    return { name, value, url: server.url, httpOnly: true, sameSite: 'Strict' };
  });
  const session = await open(browser, server, `/d/${board.id}`);
  try {
    const { page } = session;
    await tile(page, 'Level').getByText('You need the role Operator').waitFor();
    for (const title of ['Level', 'Slide', 'Speed', 'Valve', 'Jog', 'Start']) {
      const control = tile(page, title).locator('input, select, .btn').first();
      assert.equal(await control.isDisabled(), true, title);
    }
    await page.locator('.alarm_list td').first().waitFor();
    assert.equal(await tile(page, 'Alarms of water').locator('button.btn').count(), 0);
    assert.deepEqual(await problemsOf(session), []);
  } finally {
    server.cookies = cookies;
    await session.close();
  }
});

for (const theme of ['light', 'dark']) {
  for (const width of [1600, 1024, 390]) {
    onBoard(
      `axe finds nothing, ${theme}, ${width} px`,
      async (page) => {
        await page.waitForTimeout(500);
        assert.deepEqual(await violations(page), []);
        const wide = await page.evaluate(
          () => document.documentElement.scrollWidth - innerWidth,
        );
        assert.ok(wide <= 0, `${wide} px too wide`);
      },
      { theme, width },
    );
  }
}
