// The plant's own texts in the reader's language: translated, shown, and as written without a word.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { violations } from './axe.mjs';
import { Desk } from './boards.mjs';
import { problemsOf, open, Server, withPage } from './helpers.mjs';

const server = new Server();
const desk = new Desk(server);
const { widget } = desk;
/** A refusal that the page shows is told by the console too. */
const REFUSED = /^console: Failed to load resource: .* (?:409|412|422) /;
let board;

before(async () => {
  await desk.start();
  board = await desk.board('Boiler house', [
    widget('supply', 0),
    widget('pressure', 2, 0, { title: 'How much pressure' }),
    widget('supply', 4, 0, { title: 'Nobody translated this' }),
    {
      ...widget('supply', 0, 1),
      type: 'text',
      bindings: [],
      description: 'Call **Anna**\n- first',
    },
  ]);
  await server.call('POST', 'alarm-rules', {
    name: 'Too hot',
    tag: desk.tags.supply.id,
    condition: { kind: 'high', limit: -500 },
    priority: 1,
    message: 'above {limit} in {tag}',
  });
});
after(() => desk.end());

const onPage = (name, path, run, more = {}) =>
  test(name, () => withPage(desk.browser, server, path, { mayRefuse: REFUSED, ...more }, run));

const row = (page, text) =>
  page.getByRole('row').filter({ has: page.getByRole('gridcell', { name: text, exact: true }) });
const bar = (page) => page.getByRole('group', { name: 'Changes in the table' });

async function translate(page, text, translation) {
  await row(page, text).getByRole('gridcell').nth(1).dblclick();
  await page.getByRole('textbox', { name: 'Translation' }).fill(translation);
  await page.keyboard.press('Enter');
}

async function choose(page, language) {
  await page.locator('[popovertarget="prefs"]').click();
  await page.locator('#prefs [name="language"]').selectOption(language);
  await page.keyboard.press('Escape');
}

const words = async (language) =>
  (await server.call('GET', `dictionaries/words?language=${language}`)).words;

/** Saves words as somebody else would, over the API. */
async function save(language, given) {
  const { items } = await server.call('GET', 'dictionaries');
  const known = items.find((one) => one.language === language);
  const edit = known
    ? { op: 'patch', id: known.id, patch: { words: given } }
    : { op: 'create', kind: 'dictionary', body: { language, words: given } };
  await server.call('POST', 'edits', { edits: [edit] });
}

onPage(
  'texts are translated in the table and shown in their language',
  '/translations?to=de',
  async (page) => {
    await page.getByText('There is no dictionary of German').waitFor();
    await page.getByText(/^0 of \d+ translated$/).waitFor();
    await translate(page, 'Boiler house', 'Kesselhaus');
    await page.getByRole('searchbox', { name: 'Search texts' }).fill('supply_temperature');
    await row(page, 'supply_temperature').waitFor();
    await translate(page, 'supply_temperature', 'Vorlauftemperatur');
    await bar(page).getByText('2 changes').waitFor();
    assert.deepEqual(await violations(page), []);
    await bar(page).getByRole('button', { name: 'Save' }).click();
    await page.getByText('2 translations were saved').waitFor();
    assert.deepEqual(await words('de'), {
      'Boiler house': 'Kesselhaus',
      supply_temperature: 'Vorlauftemperatur',
    });
    await page.getByText(/^2 of \d+ translated$/).waitFor();
    await save('de', {
      'Call **Anna**\n- first': 'Rufen Sie **Berta**\n- zuerst',
      'above {limit} in {tag}': '{tag} liegt über {limit}',
      'Too hot': 'Zu heiß',
    });

    await page.goto(`${server.url}/d/${board.id}`);
    await page.getByRole('heading', { level: 1, name: 'Boiler house' }).waitFor();
    await page.locator('.title', { hasText: /^supply_temperature$/ }).waitFor();
    await choose(page, 'de');
    await page.getByRole('heading', { level: 1, name: 'Kesselhaus' }).waitFor();
    await page.locator('.title', { hasText: /^Vorlauftemperatur$/ }).waitFor();
    await page.locator('.title', { hasText: /^Nobody translated this$/ }).waitFor();
    await page.locator('.title', { hasText: /^How much pressure$/ }).waitFor();
    await page.locator('.note strong', { hasText: 'Berta' }).waitFor();
    await page.locator('section.bar').getByText('liegt über -500').waitFor();
    await page.locator('section.bar').getByText('Zu heiß').waitFor();
    // The first look of another page is translated as well, and what changes comes by itself.
    await page.reload();
    await page.locator('.title', { hasText: /^Vorlauftemperatur$/ }).waitFor();
    await save('de', { supply_temperature: 'Vorlauf' });
    await page.locator('.title', { hasText: /^Vorlauf$/ }).waitFor();
    await choose(page, 'nl');
    await page.locator('.title', { hasText: /^supply_temperature$/ }).waitFor();
    await choose(page, 'en');
  },
);

onPage(
  'texts that are missing are listed, and those that are translated leave the list',
  '/translations?to=it&only=missing',
  async (page) => {
    await translate(page, 'Boiler house', 'Centrale termica');
    await bar(page).getByRole('button', { name: 'Save' }).click();
    await page.getByText('1 translation was saved').waitFor();
    await row(page, 'Boiler house').waitFor({ state: 'detached' });
    await page.getByRole('combobox', { name: 'Which texts' }).selectOption('No longer in use');
    await page.getByText('No text matches.').waitFor();
    await save('it', { 'of old': 'di una volta' });
    await row(page, 'of old').getByText('no longer in use').waitFor();
    // An empty cell takes the word out.
    await translate(page, 'of old', '');
    await bar(page).getByRole('button', { name: 'Save' }).click();
    await page.getByText('No text matches.').waitFor();
    assert.deepEqual(await words('it'), { 'Boiler house': 'Centrale termica' });
  },
);

onPage(
  'a file goes to a translator and comes back',
  '/translations?to=nl',
  async (page) => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as a file' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'translations-nl.csv');
    const text = readFileSync(await download.path(), 'utf8');
    assert.ok(text.startsWith('\ufeffbase,translation\r\n'), text.slice(0, 40));
    const filled = text
      .replace('Boiler house,', 'Boiler house,Ketelhuis')
      .replace(/\r\nreturn_temperature,\r\n/, '\r\nreturn_temperature,Retour\r\n');
    const buffer = Buffer.from(`${filled}too,many,cells\r\n`);
    const input = page.locator('input[type="file"]');
    await input.setInputFiles({ name: 'nl.csv', mimeType: 'text/csv', buffer });
    const dialog = page.getByRole('dialog');
    await dialog.getByText('2 translations are ready.').waitFor();
    await dialog.getByText('1 row cannot be taken').waitFor();
    await dialog.getByText('it has more or fewer columns than the first row').waitFor();
    assert.deepEqual(await violations(page), []);
    await dialog.getByRole('button', { name: 'Take over' }).click();
    await page.getByText('2 translations were saved').waitFor();
    assert.deepEqual(await words('nl'), {
      'Boiler house': 'Ketelhuis',
      return_temperature: 'Retour',
    });
    const latin = Buffer.from([0xe4, 0xf6]);
    await input.setInputFiles({ name: 'nl.csv', mimeType: 'text/csv', buffer: latin });
    await page.getByText('The file is not in UTF-8').waitFor();
  },
);

onPage(
  'who saved meanwhile is told of, and nothing of theirs is lost',
  '/translations?to=fr',
  async (page) => {
    await save('fr', { 'Boiler house': 'Chaufferie', water_pressure: 'Pression' });
    await row(page, 'Boiler house').getByText('Chaufferie').waitFor();
    await translate(page, 'Boiler house', 'Salle des chaudières');
    await save('fr', { 'Boiler house': 'Chaudière', burner_on: 'Brûleur' });
    const notice = page.getByRole('alert').filter({ hasText: 'Somebody else saved this' });
    await notice.getByText('Chaudière', { exact: true }).waitFor();
    await notice.getByText('Salle des chaudières').waitFor();
    assert.deepEqual(await violations(page), []);
    await notice.getByRole('button', { name: 'Keep mine and go on' }).click();
    await notice.waitFor({ state: 'detached' });
    await bar(page).getByRole('button', { name: 'Save' }).click();
    await page.getByText('1 translation was saved').waitFor();
    assert.deepEqual(await words('fr'), {
      'Boiler house': 'Salle des chaudières',
      burner_on: 'Brûleur',
      water_pressure: 'Pression',
    });
  },
);

onPage(
  'a language of a region is added and has the words of its language',
  '/translations',
  async (page) => {
    await page.getByRole('button', { name: 'Add language' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('de_AT');
    await dialog.getByText('This is no language code').waitFor();
    await dialog.getByRole('textbox').fill('de-AT');
    await dialog.getByText('Austrian German').waitFor();
    assert.deepEqual(await violations(page), []);
    await dialog.getByRole('button', { name: 'Add language' }).click();
    await page.getByText('There is no dictionary of Austrian German').waitFor();
    await translate(page, 'Boiler house', 'Heizhaus');
    await bar(page).getByRole('button', { name: 'Save' }).click();
    await page.getByText('1 translation was saved').waitFor();
    const session = await open(desk.browser, server, `/d/${board.id}`, { locale: 'de-AT' });
    await session.page.getByRole('heading', { level: 1, name: 'Heizhaus' }).waitFor();
    await session.page.locator('.title', { hasText: /^Vorlauf$/ }).waitFor();
    assert.deepEqual(await problemsOf(session), []);
    await session.close();
  },
);

onPage(
  'a finger opens a cell by a tap',
  '/translations?to=zh',
  async (page) => {
    await row(page, 'Boiler house').getByRole('gridcell').nth(1).tap();
    await page.getByRole('textbox', { name: 'Translation' }).fill('锅炉房');
    await page.keyboard.press('Enter');
    await bar(page).getByRole('button', { name: 'Save' }).tap();
    await page.getByText('1 translation was saved').waitFor();
    assert.deepEqual(await words('zh'), { 'Boiler house': '锅炉房' });
  },
  { width: 390, height: 800, touch: true },
);
