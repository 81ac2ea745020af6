// Every option of every type of widget is changed in the editor, saved, and looked at.
import '../scripts/ts-hook.mjs';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Desk, PATHS } from './boards.mjs';
import { Server } from './helpers.mjs';
import { read } from '../scripts/i18n.mjs';

const { newWidget, optionsOf, TYPES } = await import('../src/widgets/types.ts');
const { valueAt } = await import('../src/lib/boards/paths.ts');

const server = new Server();
const desk = new Desk(server);
const words = read('en');

/** Those show a file or a page of elsewhere, which has to be there first. */
const SOURCES = /^(?:image|frame)$/;
const types = TYPES.filter(({ type }) => !SOURCES.test(type));

before(() => desk.start());
after(() => desk.end());

/** Returns tags that a type can show, of which a button and a setpoint can write. */
async function tagsOf({ type, tags: [least], suits }) {
  if (least === 0) return [];
  if (type === 'setpoint') return [await server.tag('demo/water/tank/level_setpoint')];
  if (type === 'button') return [await server.tag('demo/water/tank/inlet_valve')];
  return [await server.tag(suits.includes('number') ? PATHS.supply : PATHS.burner)];
}

/** Where an option is in the panel; labels of several options may begin alike. */
const at = (panel, role, option) =>
  panel.getByRole(role, { name: words[option.label], exact: true }).first();

/** The field of an option: that with its very label, and of those alike the one in its place. */
async function fieldOf(panel, type, option) {
  const label = words[option.label];
  const exact = panel.getByLabel(label, { exact: true });
  const fields = (await exact.count()) ? exact : panel.getByLabel(label);
  const alike = optionsOf(type).filter((other) => other.label === option.label);
  const place = alike.findIndex(({ path }) => path === option.path);
  return fields.nth(Math.min(place, (await fields.count()) - 1));
}

/** Chooses one choice, which stands on a button or in a list. */
async function choose(panel, option, choice) {
  const group = at(panel, 'group', option);
  const text = words[choice.label];
  if (await group.count()) await group.getByRole('button', { name: text, exact: true }).click();
  else await at(panel, 'combobox', option).selectOption({ label: text });
}

/** Limits stand in the panel as people think of them, and have to rise so. */
const RISING = ['limits/low_low', 'limits/low', 'limits/high', 'limits/high_high'];

/** Ways to change an option; each returns whether a value has to be stored then. */
const CHANGES = {
  async choice(panel, option) {
    for (const choice of option.choices) await choose(panel, option, choice);
    return option.choices.at(-1).value !== undefined;
  },
  async switch(panel, option) {
    await at(panel, 'checkbox', option).click();
    return true;
  },
  async number(panel, option, type, turn) {
    const wanted = RISING.indexOf(option.path) + 1 || turn;
    const next = Math.max(option.min ?? 0, Math.min(option.max ?? 1000, wanted));
    const field = await fieldOf(panel, type, option);
    await field.fill(String(next));
    await field.blur();
    return true;
  },
  async text(panel, option, type) {
    await (await fieldOf(panel, type, option)).fill('Tried');
    return true;
  },
  async time(panel, option, type) {
    await (await fieldOf(panel, type, option)).fill('05:30');
    return true;
  },
  async pattern(panel, option, type) {
    await (await fieldOf(panel, type, option)).fill('demo/water/**');
    return true;
  },
  async link(panel, option, type) {
    await (await fieldOf(panel, type, option)).fill('/alarms');
    return true;
  },
  async colour(panel, option) {
    await at(panel, 'group', option).getByRole('button', { name: 'Pen 2' }).click();
    return true;
  },
  async value(panel, option, type) {
    const field = await fieldOf(panel, type, option);
    if ((await field.evaluate((node) => node.tagName)) === 'SELECT')
      await field.selectOption('true');
    else await field.fill('1');
    return true;
  },
  async set(panel, option) {
    const boxes = at(panel, 'group', option).getByRole('checkbox');
    const last = boxes.nth((await boxes.count()) - 1);
    const isOn = await last.isChecked();
    await last.setChecked(!isOn);
    return true;
  },
  async rows(panel, option) {
    const group = at(panel, 'group', option);
    await group.getByRole('button', { name: 'Add row' }).click();
    const texts = group.getByRole('textbox');
    for (let nth = 0; nth < (await texts.count()); nth += 1) await texts.nth(nth).fill('1');
    return true;
  },
  async object(panel, option) {
    await at(panel, 'combobox', option).selectOption({ index: 0 });
    return false;
  },
};

/** Changes an option, after what it depends on; returns whether it was there to be changed. */
async function change(panel, type, option, turn) {
  const { when } = option;
  const master = when && optionsOf(type).find(({ path }) => path === when.path);
  if (when && master?.kind === 'choice')
    await choose(
      panel,
      master,
      master.choices.find(({ value }) => when.is.includes(value)),
    );
  else if (when && master?.kind === 'switch')
    await at(panel, 'checkbox', master).setChecked(when.is.includes(true));
  else if (when) return false;
  return CHANGES[option.kind](panel, option, type, turn);
}

/** Saves; what is refused fails the test with what the page says about it. */
async function publish(page) {
  const refused = page.locator('.problems li').first();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('no changes', { exact: true }).or(refused).first().waitFor();
  assert.deepEqual(await page.locator('.problems li').allInnerTexts(), []);
}

for (const known of types)
  test(`every option of the type ${known.type} is changed, saved and shown`, async () => {
    const { type } = known;
    const made = await desk.board(`Type ${type}`, [newWidget(type, await tagsOf(known))]);
    const before = made.groups[0].widgets[0];
    await desk.onPage(`/d/${made.id}/edit`, async (page) => {
      await page.locator('[data-cell] .grip').click();
      const panel = page.locator('aside.options');
      await panel.locator('#widget-type').waitFor();
      const wanted = [];
      let turn = 0;
      for (const option of optionsOf(type)) {
        turn += 1;
        const isStored = await change(panel, type, option, turn).catch((error) => {
          throw new Error(`${option.kind} ${option.path}: ${error.message}`, { cause: error });
        });
        if (isStored) wanted.push(option);
      }
      assert.equal(await page.getByText('could not be loaded').count(), 0);
      await publish(page);
      const now = (await desk.stored(made.id)).groups[0].widgets[0];
      for (const { path, when } of wanted) {
        // A later option may have changed what this one depends on, or this one itself.
        const isMaster = optionsOf(type).some((other) => other.when?.path === path);
        if (isMaster || (when && !when.is.includes(valueAt(now, when.path)))) continue;
        assert.notEqual(valueAt(now, path), undefined, `${type} ${path} is stored`);
      }
      assert.notDeepEqual(now, before);
      await page.goto(`${server.url}/d/${made.id}`);
      await page.locator(`.tile.${type}`).waitFor();
      await page.waitForTimeout(800);
      assert.equal(await page.getByText('could not be loaded').count(), 0);
    });
  });
