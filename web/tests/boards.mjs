// What the tests of dashboards share: dashboards of four tags, and hands for the editor.
import assert from 'node:assert/strict';
import { boxOf, launch, withPage } from './helpers.mjs';

export const PATHS = {
  supply: 'demo/heating/boiler/supply_temperature',
  return: 'demo/heating/boiler/return_temperature',
  pressure: 'demo/heating/boiler/water_pressure',
  burner: 'demo/heating/boiler/burner_on',
};

/** A refusal that the page shows is told by the console too. */
const REFUSED = /^console: Failed to load resource: .* (?:404|409|412|422) /;

export const places = (one, group = 0) =>
  one.groups[group].widgets.map(({ x, y, w, h }) => [x, y, w, h]);
export const tile = (page, name) =>
  page.getByRole('button', { name: new RegExp(`^${name}, `) });
export const cell = (page, name) =>
  page.locator('[data-cell]').filter({ has: tile(page, name) });

export async function save(page) {
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('no changes', { exact: true }).waitFor();
}

/** Drags by the pointer, in steps as a hand does. */
export async function drag(page, from, to) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 8, from.y + 8, { steps: 2 });
  await page.mouse.move(to.x, to.y, { steps: 8 });
  await page.mouse.up();
}

/** Drags by a finger, which the browser takes for a scroll where the page allows that. */
export async function dragByTouch(page, from, to) {
  const fingers = await page.context().newCDPSession(page);
  const touch = (type, points) =>
    fingers.send('Input.dispatchTouchEvent', { type, touchPoints: points });
  await touch('touchStart', [from]);
  for (let step = 1; step <= 10; step += 1) {
    const part = step / 10;
    await touch('touchMove', [
      { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part },
    ]);
  }
  await touch('touchEnd', []);
  await fingers.detach();
}

export async function middle(locator) {
  await locator.waitFor();
  const { x, y, width, height } = await boxOf(locator);
  return { x: x + width / 2, y: y + height / 2 };
}

const SERVED = [
  'id',
  'revision',
  'updated_us',
  'path',
  'index',
  'device_name',
  'poll_ms',
  'current',
];

/** Returns what the API takes of an object that it has sent. */
export const bodyOf = (one) =>
  Object.fromEntries(Object.entries(one).filter(([key]) => !SERVED.includes(key)));

/** A server with its tags and a browser, and pages on it. */
export class Desk {
  tags = {};
  browser = null;

  constructor(server) {
    this.server = server;
  }

  async start() {
    await this.server.start();
    for (const [name, path] of Object.entries(PATHS))
      this.tags[name] = await this.server.tag(path);
    this.browser = await launch();
  }

  async end() {
    await this.browser?.close();
    await this.server.end();
  }

  widget = (tag, x, y = 0, more = {}) => ({
    type: 'value',
    title: '',
    x,
    y,
    w: 2,
    h: 1,
    bindings: [{ tag: this.tags[tag].id }],
    ...more,
  });

  board = (name, widgets, more = []) =>
    this.server.call('POST', 'dashboards', {
      name,
      order: 5,
      groups: [{ name: 'Boiler', widgets }, ...more],
    });

  stored = (id) => this.server.call('GET', `dashboards/${id}`);

  /** Saves a dashboard as somebody else would: `change` changes its body. */
  async saveElsewhere(id, change, token = this.server.token) {
    const { revision, ...one } = await this.stored(id);
    const body = bodyOf(one);
    change(body);
    return this.put(id, revision, body, token);
  }

  async put(id, revision, body, token = this.server.token) {
    const answer = await fetch(`${this.server.url}/api/v1/dashboards/${id}`, {
      method: 'PUT',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        'if-match': `"${revision}"`,
      },
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 200, await answer.text());
  }

  /** Runs against a page that must end without a word on the console. */
  onPage = (path, run, options = {}) =>
    withPage(this.browser, this.server, path, { mayRefuse: REFUSED, ...options }, run);

  /** Runs in the editor of a new dashboard. */
  edit = async (name, widgets, run, options = {}) => {
    const made = await this.board(name, widgets, options.groups);
    await this.onPage(`/d/${made.id}/edit`, (page) => run(page, made), options);
  };
}
