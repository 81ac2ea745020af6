// Tags from files: what a file is taken for, what it would change, what is wrong, and the way back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { launch, open, PASSWORD, Server, signIn, withPage } from './helpers.mjs';

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
const REFUSED = /^console: Failed to load resource: .* (?:400|409|412|422) /;

const onPage = (name, path, run, options = {}) =>
  test(name, () => withPage(browser, server, path, { mayRefuse: REFUSED, ...options }, run));

const button = (page, name) => page.getByRole('button', { name });

/** Chooses a file, as the reader does. */
const drop = (page, name, text) =>
  page.getByLabel('Choose a file').setInputFiles({
    name,
    mimeType: 'text/plain',
    buffer: Buffer.from(text),
  });

/** Returns the configuration that a page of the documentation shows. */
function example(name) {
  const page = new URL(`../../docs/onboarding/import-${name}.md`, import.meta.url);
  return /```\w+ file=\S+\n([\s\S]*?)```/.exec(readFileSync(page, 'utf8'))[1];
}

const TABLE = 'device;name;address;data_type;scale;unit\n';
const WHOLE_WAY = 'a table is tried, applied as one change, and taken back';

onPage(WHOLE_WAY, '/import', async (page) => {
  await page.getByText('dashboards of Headworks, or a project').waitFor();
  assert.deepEqual(await violations(page), []);
  const rows = `${TABLE}Boiler house;new_1;HR0;uint16;0,1;K\nBoiler house;new_2;HR1;int16;;\n`;
  await drop(page, 'tags.csv', rows);
  await page.getByText('By the file: Tag table (CSV, Excel)').waitFor();
  await page.getByRole('row', { name: 'Tag 2 0 0' }).waitFor();
  await page.getByRole('row', { name: /made .*new_1/ }).waitFor();
  assert.deepEqual(await violations(page), []);
  await assert.rejects(server.tag('demo/heating/boiler/new_1'), 'nothing is changed yet');
  await button(page, 'Apply 2 changes').click();
  await page.locator('.done').getByText('2 changes were applied').waitFor();
  assert.equal((await server.tag('demo/heating/boiler/new_1')).scale, 0.1);
  assert.deepEqual(await violations(page), []);
  await page.locator('.done').getByRole('button', { name: 'Undo' }).click();
  await page.getByText('It was taken back').waitFor();
  await assert.rejects(server.tag('demo/heating/boiler/new_1'));
});

onPage('every wrong row is named, and nothing is applied', '/import', async (page) => {
  const good = Array.from({ length: 60 }, (_, at) => `Boiler house;row_${at};HR${at};uint16;;`);
  good[40] = 'Boiler house;row_40;HR40;uint99;;';
  good[50] = 'Nowhere;row_50;HR50;uint16;;';
  await drop(page, 'tags.csv', TABLE + good.join('\n'));
  await page.getByText('2 mistakes; nothing is applied').waitFor();
  await page.getByRole('row', { name: /42 data_type .*uint99/ }).waitFor();
  await page.getByRole('row', { name: /52 device .*Nowhere/ }).waitFor();
  assert.ok(await button(page, /^Apply/).isDisabled());
  assert.deepEqual(await violations(page), []);
  const made = { label: 'It is made behind Demonstration' };
  await page.getByLabel('A device does not exist').selectOption(made);
  await page.getByText('1 mistake; nothing is applied').waitFor();
});

onPage('what a table replaces is deleted with a tick only', '/import', async (page) => {
  await drop(page, 'tags.csv', 'device,name\nPump 2,speed\n');
  await page.getByLabel('Tags of the file').selectOption('replace');
  await page.getByText('are deleted.').waitFor();
  await button(page, /^Apply \d+ changes/).click();
  const dialog = page.getByRole('dialog');
  assert.ok(await button(dialog, /^Apply/).isDisabled());
  assert.deepEqual(await violations(page), []);
  await dialog.getByRole('checkbox').check();
  const pump = async () =>
    (await server.call('GET', 'tags?search=pump&limit=1000')).items.filter(
      ({ device_name: name }) => name === 'Pump 2',
    ).length;
  assert.ok(1 < (await pump()));
  await button(dialog, /^Apply/).click();
  await page.locator('.done').waitFor();
  assert.equal(await pump(), 1);
  await page.locator('.done').getByRole('button', { name: 'Undo' }).click();
  await page.getByText('It was taken back').waitFor();
  assert.ok(1 < (await pump()));
});

const PROJECTS = {
  telegraf: ['telegraf.conf', 'Telegraf'],
  thingsboard: ['modbus.json', 'ThingsBoard gateway'],
  fuxa: ['fuxa.json', 'FUXA project'],
  iobroker: ['modbus.tsv', 'ioBroker.modbus'],
  'home-assistant': ['configuration.yaml', 'Home Assistant'],
  'kepware-csv': ['device.csv', 'Kepware, tags of a device'],
  'kepware-json': ['project.json', 'Kepware project'],
  modpoll: ['modpoll.csv', 'modpoll'],
};

for (const [name, [file, title]] of Object.entries(PROJECTS)) {
  const what = `a project of ${title} is recognised, and what it leaves out is listed`;
  onPage(what, '/import', async (page) => {
    await drop(page, file, example(name));
    await page.getByText(`By the file: ${title}`).waitFor();
    await page.getByLabel('Folder in the plant').fill(`imported/${name}`);
    const needsPlace = page.getByLabel('Host and port');
    await needsPlace.fill('192.0.2.77:502');
    if (name === 'iobroker') await page.getByLabel('Registers are').selectOption('holding');
    await page.getByRole('row', { name: /^Tag [1-9]/ }).waitFor();
    await page.getByText('carried over as').first().waitFor();
    assert.deepEqual(await violations(page), []);
    if (name !== 'telegraf') return;
    await button(page, /^Apply/).click();
    await page.locator('.done').waitFor();
    const { items } = await server.call('GET', `tags?pattern=imported/${name}/**&limit=1000`);
    assert.ok(5 < items.length);
    await page.locator('.done').getByRole('button', { name: 'Undo' }).click();
    await page.getByText('It was taken back').waitFor();
  });
}

onPage('dashboards go out as a file and come in elsewhere', '/d/all', async (page) => {
  const { id: tag } = await server.tag('demo/heating/boiler/supply_temperature');
  const widget = { type: 'value', x: 0, y: 0, w: 2, h: 1, bindings: [{ tag }] };
  const group = { name: 'Boiler', widgets: [widget] };
  await server.call('POST', 'dashboards', { name: 'Shift: night', groups: [group] });
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    button(page, 'Export Shift: night').click(),
  ]);
  assert.equal(download.suggestedFilename(), 'Shift_ night.json');
  const text = readFileSync(await download.path(), 'utf8');
  assert.match(text, /^\{\n {2}"/, 'people can read it');

  await page.goto(`${server.url}/import`);
  await drop(page, 'boards.json', text.replace('demo/heating/', 'north/'));
  await page.getByText('By the file: Dashboards of Headworks').waitFor();
  await page.getByText('1 mistake; nothing is applied').waitFor();
  await page.getByLabel('A tag does not exist').selectOption('leave_out');
  await page.getByText('carried over as').first().waitFor();
  await page.getByLabel('A tag does not exist').selectOption('report');
  await page.getByLabel('Folder of the tags in the file').fill('north');
  await page.locator('.field .error').waitFor();
  await page.getByLabel('Folder of the plant').fill('demo/heating');
  await page.getByRole('row', { name: 'Dashboard 1 0 0' }).waitFor();
  await page.getByLabel('A name is there already').selectOption('replace');
  await page.getByText('Everything is as the file says already').waitFor();
  await page.getByLabel('A name is there already').selectOption('suffix');
  await page.getByRole('row', { name: 'Dashboard 1 0 0' }).waitFor();
  assert.deepEqual(await violations(page), []);
  await button(page, 'Apply 1 change').click();
  await page.locator('.done').waitFor();
  const { items } = await server.call('GET', 'dashboards');
  assert.equal(items.filter(({ name }) => name.startsWith('Shift: night')).length, 2);
});

const NONE = 'a file that is none of the formats says so, and the wrong choice too';

onPage(NONE, '/import', async (page) => {
  await drop(page, 'notes.txt', 'Dear diary,\ntoday I read the meter.\n');
  await page.getByRole('alert').getByText(/none of the formats/).waitFor();
  assert.ok(await button(page, /^Apply/).isDisabled());
  await button(page, 'Take another file').click();
  await drop(page, 'telegraf.conf', example('telegraf'));
  await page.getByText('By the file: Telegraf').waitFor();
  await page.getByLabel('Format').selectOption('fuxa');
  await page.getByRole('alert').getByText(/looks like/).waitFor();
});

onPage('the table of tags is downloaded, in CSV and Excel', '/import?tab=export', async (page) => {
  await page.locator('input[list]').fill('demo/heating/**');
  const link = page.getByRole('link', { name: 'Download' });
  for (const [format, begin] of [['csv', 'path,device'], ['xlsx', 'PK']]) {
    await page.getByLabel('Format').selectOption(format);
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    assert.equal(download.suggestedFilename(), `tags.${format}`);
    assert.ok(readFileSync(await download.path(), 'latin1').includes(begin));
  }
  await page.locator('input[list]').fill('no/such/**');
  await button(page, 'Download').waitFor();
  assert.ok(await button(page, 'Download').isDisabled());
});

test('a viewer exports and imports nothing', async () => {
  await server.call('POST', 'users', { name: 'viewer', role: 'viewer', password: PASSWORD });
  const session = await open(browser, server, '/import', { signedIn: false });
  const { page } = session;
  try {
    await signIn(page, 'viewer');
    await page.getByRole('tab', { name: 'Export' }).waitFor();
    assert.equal(await page.getByRole('tab', { name: 'Import' }).count(), 0);
    await page.getByRole('link', { name: 'Download' }).waitFor();
    assert.deepEqual(await violations(page), []);
  } finally {
    await session.close();
  }
});

for (const [width, theme] of [
  [390, 'dark'],
  [1024, 'dark'],
  [1600, 'dark'],
]) {
  test(`a plan of changes is accessible at ${width} px in ${theme}`, async () => {
    const session = await open(browser, server, '/import', { width, theme });
    const { page } = session;
    try {
      await drop(page, 'tags.csv', `${TABLE}Boiler house;a;HR0;uint99;;\nBoiler house;b;HR1;;;\n`);
      await page.getByText('1 mistake').waitFor();
      assert.deepEqual(await violations(page), []);
      const scroll = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(scroll <= width, `${scroll} px wide`);
      if (process.env.HEADWORKS_SHOTS)
        await page.screenshot({ path: `${process.env.HEADWORKS_SHOTS}/i-${width}.png` });
    } finally {
      await session.close();
    }
  });
}

/** Returns the plant as an archive. */
async function plantCode() {
  const headers = { authorization: `Bearer ${server.token}` };
  const answer = await fetch(`${server.url}/api/v1/plant-code`, { headers });
  return Buffer.from(await answer.arrayBuffer());
}

onPage('the plant goes out as files, and what differs comes back', '/import', async (page) => {
  await server.call('POST', 'groups', { name: 'Kept in files' });
  await page.getByRole('tab').first().focus();
  await page.keyboard.press('ArrowLeft');
  await page.waitForURL(/tab=code/);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download the files' }).click(),
  ]);
  assert.equal(download.suggestedFilename(), 'plant.zip');
  const zip = await plantCode();
  assert.deepEqual(readFileSync(await download.path()), zip, 'the same plant, the same bytes');
  const give = (buffer) =>
    page
      .getByLabel('Choose a file')
      .setInputFiles({ name: 'plant.zip', mimeType: 'application/zip', buffer });
  await give(zip);
  const plan = page.getByRole('region', { name: 'What the file would change' });
  const apply = plan.getByRole('button', { name: /^Apply/ });
  await plan.getByText('as the file says already').first().waitFor();
  assert.ok(await apply.isDisabled(), 'nothing differs');

  const [group] = (await server.call('GET', 'groups')).items.filter(
    ({ name }) => name === 'Kept in files',
  );
  await server.call('DELETE', `groups/${group.id}`);
  await button(page, 'Take another file').click();
  await give(zip);
  await plan.getByRole('row').filter({ hasText: 'Kept in files' }).getByText('made').waitFor();
  assert.deepEqual(await violations(page), []);
  // Somebody changes the plant between plan and apply: nothing is applied, and it is planned anew.
  await server.call('POST', 'groups', { name: 'In between' });
  await apply.click();
  await plan.getByRole('alert').getByText(/plan again/).waitFor();
  await plan.getByRole('row').filter({ hasText: 'In between' }).getByText('deleted').waitFor();
  await apply.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('checkbox').check();
  await dialog.getByRole('button', { name: /^Apply/ }).click();
  await page.getByText('2 changes were applied').first().waitFor();
  const names = async () => (await server.call('GET', 'groups')).items.map(({ name }) => name);
  assert.ok((await names()).includes('Kept in files'));
  assert.ok(!(await names()).includes('In between'));
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await page.getByText('It was taken back').waitFor();
  assert.ok((await names()).includes('In between'));
  await give(Buffer.from('no archive'));
  await plan.getByRole('alert').waitFor();
});
