// What is told to people who see few colours, look at another tab, or are across the hall.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { Desk } from './boards.mjs';
import { Server } from './helpers.mjs';

const server = new Server();
const desk = new Desk(server);
const { onPage, widget } = desk;
let hall;

const rule = (name, tag, priority) =>
  server.call('POST', 'alarm-rules', {
    name,
    tag: tag.id,
    priority,
    condition: { kind: 'high', limit: -100 },
  });

before(async () => {
  await desk.start();
  desk.tags.runs = await server.tag('demo/heating/boiler/pump_enable');
  desk.tags.stands = await server.tag('demo/heating/boiler/low_water');
  const status = { type: 'status' };
  hall = await desk.board('Hall', [
    widget('supply', 0),
    widget('runs', 2, 0, status),
    widget('stands', 4, 0, status),
    widget('return', 6),
  ]);
  await rule('Supply is warm', desk.tags.supply, 2);
});
after(() => desk.end());

test('with forced colours tiles, alarms and states are told by lines and shapes', () =>
  onPage(`/d/${hall.id}`, async (page) => {
    await page.emulateMedia({ forcedColors: 'active' });
    const alarmed = page.locator('.tile.p2');
    await alarmed.locator('.mark svg').waitFor();
    const look = (locator) =>
      locator.evaluate((node) => {
        const style = getComputedStyle(node);
        const widths = [style.borderTopWidth, style.outlineWidth].map(Number.parseFloat);
        return { border: widths[0], outline: widths[1], line: style.outlineStyle };
      });
    const plain = await look(page.locator('.tile', { hasText: 'return_temperature' }));
    const marked = await look(alarmed);
    assert.ok(1 <= plain.border, 'a tile has a border');
    assert.deepEqual([plain.line, marked.line], ['none', 'solid']);
    assert.ok(2 <= marked.outline);
    for (const name of ['More', 'Full screen'])
      assert.ok(1 <= (await look(page.getByRole('button', { name }).first())).border);
    const ground = (isOn) =>
      page
        .locator(`.tile.status .symbol[data-on="${isOn}"]`)
        .evaluate((node) => getComputedStyle(node).backgroundColor);
    assert.notEqual(await ground(true), await ground(false), 'running is filled');
    assert.deepEqual(await violations(page), []);
    await page.getByRole('link', { name: 'Edit', exact: true }).focus();
    const ring = await look(page.getByRole('link', { name: 'Edit', exact: true }));
    assert.ok(2 <= ring.outline && ring.line !== 'none', 'the focus is seen');
  }));

test('the title of the tab counts what waits for somebody', () =>
  onPage('/alarms', async (page) => {
    await page.waitForFunction(() => document.title === 'Alarms (1) – Headworks');
    await rule('Return is warm', desk.tags.return, 3);
    await page.waitForFunction(() => document.title === 'Alarms (2) – Headworks');
    await page.getByRole('button', { name: 'Ack', exact: true }).first().click();
    await page.waitForFunction(() => document.title === 'Alarms (1) – Headworks');
  }));

test('priority 1 sounds again and again until it is acknowledged, and only when it is on', () =>
  onPage('/health', async (page) => {
    await page.addInitScript(() => {
      window.tones = [];
      const silent = { connect: (next) => next, gain: {} };
      const ramp = { setValueAtTime() {}, linearRampToValueAtTime() {} };
      window.AudioContext = class {
        currentTime = 0;
        destination = silent;
        resume = async () => undefined;
        createOscillator = () => ({
          frequency: { value: 0 },
          connect: (next) => next,
          start() {
            window.tones.push(this.frequency.value);
          },
          stop() {},
        });
        createGain = () => ({ gain: ramp, connect: (next) => next });
      };
    });
    await page.reload();
    await page.locator('section.bar').waitFor();
    assert.deepEqual(await page.evaluate(() => window.tones), [], 'off until it is chosen');
    await page.evaluate(() => localStorage.setItem('headworks.sound', 'on'));
    await page.reload();
    await page.locator('section.bar').waitFor();
    await page.evaluate(() => (window.tones = []));
    const { id } = await rule('Pressure is there', desk.tags.pressure, 1);
    await page.waitForFunction(() => window.tones.filter((hz) => hz === 1175).length >= 2);
    await page.locator('section.bar.p1').getByRole('button').first().click();
    await page.locator('section.bar.p1').waitFor({ state: 'detached' });
    const heard = await page.evaluate(() => window.tones.length);
    await page.waitForTimeout(4500);
    assert.equal(await page.evaluate(() => window.tones.length), heard, 'silent afterwards');
    await server.call('DELETE', `alarm-rules/${id}`);
  }));
