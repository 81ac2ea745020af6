// Words that a part of the interface names without having loaded them: people would read keys.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Words that a source names only after they are loaded, or where they are. */
const SURELY_THERE = {
  'components/AlarmBar.svelte': 'alarmbar',
  'components/AlarmCounters.svelte': 'alarmbar',
  'components/TagPanel.svelte': 'plant',
  'components/VirtualTable.svelte': 'plant',
  'components/WriteDialog.svelte': 'tiles',
  'lib/templates.ts': 'library',
};

const quoted = (text) => [...text.matchAll(/'([\w.]+)'/g)].map(([, word]) => word);

/** Returns the text up to the bracket that closes the call around its beginning. */
function restOfCall(text) {
  let depth = 0;
  for (const [at, sign] of [...text].entries()) {
    if ('([{'.includes(sign)) depth += 1;
    if (')]}'.includes(sign)) depth -= 1;
    if (depth < 0 || sign === ';') return text.slice(0, at);
  }
  return text;
}

/** Returns what a source imports at once, what it loads later with which words, and its keys. */
function readSource(path, partOf, shared) {
  const text = readFileSync(path, 'utf8');
  const beside = (name) => resolve(dirname(path), name);
  const imports = /^\s*(?:import|export)\s+(?!type\b)(?:[^'";]*?from\s+)?'(\.[^']+)'/gm;
  const later = [...text.matchAll(/((?:\w+\(\s*)*)\[?\s*import\('(\.[^']+)'\)/g)]
    .filter(([, , name]) => !name.endsWith('.json'))
    .map((found) => ({
      file: beside(found[2]),
      parts: [
        ...[...found[1].matchAll(/\w+/g)].flatMap(([wrapper]) => shared[wrapper] ?? []),
        ...quoted(restOfCall(text.slice(found.index + found[0].length))),
      ].filter((part) => partOf.parts.includes(part)),
    }));
  return {
    atOnce: [...text.matchAll(imports)].map(([, name]) => beside(name)),
    later,
    keys: quoted(text).filter((key) => key in partOf.keys),
    needs: [...text.matchAll(/(?:needWords|besideWords)\('(\w+)'/g)].map(([, part]) => part),
  };
}

function readSources(root, partOf) {
  const loaders = readFileSync(join(root, 'lib/loaders.ts'), 'utf8');
  const wrappers = /const (with\w+) = [^=]*?=>\s*withWords\(page,([^)]*)\)/g;
  const shared = Object.fromEntries(
    [...loaders.matchAll(wrappers)].map(([, name, parts]) => [name, quoted(parts)]),
  );
  const paths = readdirSync(root, { recursive: true })
    .filter((name) => /\.(?:svelte|ts)$/.test(name) && !name.endsWith('.gen.ts'))
    .map((name) => join(root, name));
  return new Map(paths.map((path) => [path, readSource(path, partOf, shared)]));
}

/** Returns the sources that come with one, and what they load later with words of its own. */
function comesWith(sources, file) {
  const found = new Set([file]);
  const entries = [];
  for (const path of found) {
    const { atOnce = [], later = [] } = sources.get(path) ?? {};
    for (const other of atOnce) found.add(other);
    for (const entry of later) {
      if (entry.parts.length === 0) found.add(entry.file);
      else entries.push(entry);
    }
  }
  return { found: [...found].filter((path) => sources.has(path)), entries };
}

const nameOf = ({ file, parts }) => `${file} ${parts.join()}`;

/** Returns every entry with the words that are surely there: its own, and those of all its ways. */
function entriesOf(sources, main, allParts) {
  const first = { file: main, parts: [] };
  const entries = new Map([[nameOf(first), { ...first, ways: [], there: new Set() }]]);
  for (const [way, entry] of entries) {
    Object.assign(entry, comesWith(sources, entry.file));
    for (const next of entry.entries) {
      const name = nameOf(next);
      if (!entries.has(name)) entries.set(name, { ...next, ways: [], there: new Set(allParts) });
      entries.get(name).ways.push(way);
    }
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (const entry of entries.values()) {
      const ways = entry.ways.map((way) => entries.get(way).there);
      const there = [...entry.there].filter(
        (part) => entry.parts.includes(part) || ways.every((way) => way.has(part)),
      );
      changed ||= there.length < entry.there.size;
      entry.there = new Set(there);
    }
  }
  return [...entries.values()];
}

/** Returns the keys that are named where their words may not be there, each with the place. */
export function notThere(root, partOf) {
  const main = join(root, 'main.ts');
  if (!existsSync(main)) throw new Error(`${main} is not there`);
  const sources = readSources(root, partOf);
  const problems = entriesOf(sources, main, partOf.parts).flatMap(({ file, found, there }) =>
    found.flatMap((path) => {
      const { keys, needs } = sources.get(path);
      const name = path.slice(root.length);
      const known = ['', ...there, ...needs, SURELY_THERE[name]];
      const missing = keys.filter((key) => !known.includes(partOf.keys[key]));
      const entry = file.slice(root.length);
      return missing.map((key) => `${name}: ${key} is in words that ${entry} does not load`);
    }),
  );
  return [...new Set(problems)];
}
