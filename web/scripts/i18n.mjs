// Languages: writes the union of the English keys; `--check` compares all files and all uses.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { notThere } from './words-there.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'src/lib/i18n.keys.gen.ts');
/** Keys made at run time from a code of the server or a word of the protocol. */
const MADE = [
  /^error\.code\./,
  /^fresh\./,
  /^range\.\d+$/,
  /^state\./,
  /^setting\./,
  /^role\./,
  /^token\.(?:kind|ends)\./,
  /^audit\.(?:actor|action|target|search|outcome)(?:\.|$)/,
  /^gate\./,
  /^log\.level\./,
  /^check\./,
  /^health\.says\./,
  /^stat\./,
  /^job\.(?:rows|files)$/,
  /^job\.state\./,
  /^period\./,
  /^export\.(?:layout|time|quality|delimiter|decimal|packing|format|header|guard_formulas)(?:\.|$)/,
  /^import\.(?:time|path|value|quality)_column$/,
  /^import\.(?:encoding|time_format|duplicates|unknown_tags|not_a_number)(?:\.|$)/,
  /^quality\.(?:range\.\d+|\w+)$/,
  /^statistics\.(?:uncertain|bad)$/,
  /^trends\.(?:state|key|whole)\./,
  /^tier\./,
  /^event\.(?:kind|severity)\.\w+$/,
  /^settings\.source\./,
  /^storage\.(?:level\.|part_|when_full\.)/,
  /^(?:asset\.level|change\.(?:action|kind))\./,
  /^discovery\.(?:end|guess|reason|tab|table|write\.code)\./,
  /^plantimport\.(?:action|format|mode)\./,
  /^template\.(?:state|type)\./,
  /^alarm\.priority\./,
  /^notification\.(?:tab|add|about|empty|delete)\./,
  /^(?:roster\.off|policy\.group_by)\./,
  /^alarms\.(?:tab|state|short|cause|empty)\./,
  /^rule\.(?:kind|kind_help|limit|direction|on_bad|says|priority\.help)\./,
  /^rule\.(?:cause|consequence|action)\.help$/,
  /^expression\.(?:group|kind)\./,
  /^delivery\.state\./,
  /^route\.(?:accept|held|state|window)\./,
  /^translations\.(?:only|row)\./,
  /^help\.(?:page|steps)\./,
  /^offline\./,
  /^tour\./,
  /^tile\.(?:column|alarm_column)\./,
  /^widget\.(?:column|severity)\./,
  /^widget\.(?:option|setpoint)\.(?:high|low|min|max|step|x|y)/,
  /^boards\.(?:conflict\.\w+\.deleted|keys\.|paste\.)/,
  /^(?:hint|config|function|aggregate|library)\./,
  /^channel\.(?:hint|place)\./,
  /^wizard\.(?:type|address|test|device)$/,
];

/** Folders of the words: the frame's, then those that some pages load. */
const PARTS = [
  '',
  'frame',
  'help',
  'offline',
  'system',
  'trends',
  'people',
  'plant',
  'onboarding',
  'logic',
  'alarmbar',
  'alarms',
  'notification',
  'routes',
  'translations',
  'widgets',
  'tiles',
  'boards',
  'refusals',
  'hints',
  'config',
  'functions',
  'aggregates',
  'library',
];

/** Returns all words of a language: those of the frame and those that pages load for themselves. */
export const read = (language) =>
  Object.assign({}, ...PARTS.map((part) => readPart(part, language)));

function readPart(part, language) {
  const file = join(root, 'src/locales', part, `${language}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

const places = (text) =>
  [...text.matchAll(/\{(\w+)\}/g)]
    .map(([, name]) => name)
    .sort()
    .join();

export function languages() {
  return readdirSync(join(root, 'src/locales'))
    .filter((file) => /^[a-z]{2}\.json$/.test(file))
    .map((file) => file.replace('.json', ''));
}

/** Returns the keys that two parts of a language have. */
export function twice(language) {
  const [frame, ...parts] = PARTS.map((part) => readPart(part, language));
  return parts.flatMap((words) =>
    Object.keys(words)
      .filter((key) => key in frame)
      .map((key) => `${language}: ${key} is in two files`),
  );
}

/** Returns the part of every key, and of the stem of every plural. */
function partOfKeys() {
  const keys = PARTS.flatMap((part) =>
    Object.keys(readPart(part, 'en')).flatMap((key) => [
      [key, part],
      [key.replace(/\.(?:one|other)$/, ''), part],
    ]),
  );
  return { parts: PARTS.filter((part) => part !== ''), keys: Object.fromEntries(keys) };
}

/** Returns what is wrong with a language, compared with English. */
export function compare(english, other, language) {
  const problems = [];
  for (const [key, text] of Object.entries(english)) {
    if (!(key in other)) problems.push(`${language}: ${key} is missing`);
    else if (typeof other[key] !== 'string' || other[key].trim() === '')
      problems.push(`${language}: ${key} is empty`);
    else if (places(text) !== places(other[key]))
      problems.push(`${language}: ${key} has other places than English: ${other[key]}`);
  }
  for (const key of Object.keys(other))
    if (!(key in english)) problems.push(`${language}: ${key} is not in English`);
  return problems;
}

/** Keys of texts on buttons. */
const BUTTON =
  /^action\.|\.(?:button|add|save|retry|open|show|load|start|skip|end|next|done|apply|undo)$/;
/** Short words have no short translation: so long a button may be in any case. */
const BUTTON_LETTERS = 24;

/** Returns the buttons whose German is more than 40 % longer than English. */
function tooLong(english) {
  const german = read('de');
  return Object.entries(english)
    .filter(([key, text]) => BUTTON.test(key) && !key.includes('.about.') && text.length < 40)
    .filter(([key, text]) => german[key].length > Math.max(BUTTON_LETTERS, text.length * 1.4))
    .map(([key]) => `de: ${key} is too long for a button: ${german[key]}`);
}

/** Returns the texts without their places, as people read them. */
const readable = (text) => text.replace(/\{\w+\}/g, '').toLowerCase();

/** Returns the texts that lack a fixed term of their language, or have a word that is none. */
export function wrongTerms(english, other, language, { never, terms }) {
  const problems = [];
  for (const [name, term] of Object.entries(terms)) {
    const inEnglish = new RegExp(`\\b${term.english}`, 'i');
    for (const [key, text] of Object.entries(english)) {
      if (term.except?.includes(key) || !inEnglish.test(readable(text))) continue;
      if (!term[language].some((stem) => readable(other[key] ?? '').includes(stem)))
        problems.push(`${language}: ${key} has no "${term[language][0]}" (${name}): ${other[key]}`);
    }
  }
  for (const [key, text] of Object.entries(other))
    for (const word of never[language] ?? [])
      if (new RegExp(word).test(text)) problems.push(`${language}: ${key} has "${word}": ${text}`);
  return problems;
}

const glossary = () =>
  JSON.parse(readFileSync(join(root, 'src/locales/glossary.json'), 'utf8'));

function keysFile(english) {
  const keys = Object.keys(english).sort();
  const plural = keys
    .filter((key) => key.endsWith('.other'))
    .map((key) => key.slice(0, -'.other'.length));
  const plain = keys.filter(
    (key) => !plural.some((stem) => key === `${stem}.one` || key === `${stem}.other`),
  );
  const union = (list) => list.map((key) => `\n  | '${key}'`).join('');
  const head = '// Generated by scripts/i18n.mjs from src/locales.';
  const types = [`export type Key =${union(plain)};`, `export type PluralKey =${union(plural)};`];
  return `${head}\n${types.join('\n\n')}\n`;
}

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(
      (entry) =>
        entry.isFile() && /\.(?:svelte|ts)$/.test(entry.name) && !entry.name.endsWith('.gen.ts'),
    )
    .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'utf8'));
}

/** Returns the keys that no source names. */
function unused(english) {
  const text = sources(join(root, 'src')).join('\n');
  return Object.keys(english)
    .map((key) => key.replace(/\.(?:one|other)$/, ''))
    .filter((key) => !MADE.some((made) => made.test(key)) && !text.includes(`'${key}'`))
    .map((key) => `en: ${key} is used nowhere`);
}

function main() {
  const english = read('en');
  const made = keysFile(english);
  if (!process.argv.includes('--check')) return writeFileSync(target, made);
  const problems = languages().flatMap((language) => compare(english, read(language), language));
  const foreign = languages().filter((language) => language !== 'en');
  problems.push(...foreign.flatMap((one) => wrongTerms(english, read(one), one, glossary())));
  problems.push(...languages().flatMap(twice), ...unused(english), ...tooLong(english));
  problems.push(...notThere(join(root, 'src/'), partOfKeys()));
  if (readFileSync(target, 'utf8') !== made)
    problems.push('src/lib/i18n.keys.gen.ts is out of date; run `npm run build`');
  problems.forEach((problem) => console.error(problem));
  if (problems.length > 0) process.exit(1);
  console.log(`${languages().length} languages with ${Object.keys(english).length} keys each`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
