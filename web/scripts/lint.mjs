// Rules that no type checker knows: colours only from tokens, no words in components, no inline
// styles.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../src', import.meta.url));
const LINES_MAX = 600;

const RULES = [
  {
    files: /\.(?:svelte|ts)$/,
    pattern: /#(?:[0-9a-f]{6}|[0-9a-f]{3})\b(?![-\w])/i,
    reason: 'a colour that is no token of app.css',
  },
  {
    files: /\.svelte$/,
    pattern: /\sstyle="/,
    reason: 'an inline style; the content security policy forbids it',
  },
  { files: /\.svelte$/, pattern: /\{@html/, reason: 'HTML from data' },
  {
    files: /\.svelte$/,
    pattern: /(?:aria-label|title|placeholder|alt|text)="[^"{]*[A-Za-z]{2}[^"{]*"/,
    reason: 'words in a component; they belong to src/locales',
  },
  {
    files: /\.(?:svelte|ts)$/,
    pattern: /https?:\/\/(?!127|localhost|www\.w3\.org)/,
    reason: 'an address outside',
  },
];

/** Returns the text between tags, where words for people would be. */
function wordsIn(source) {
  const markup = source.replace(
    /<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/g,
    (all) => all.replace(/[^\n]/g, ''),
  );
  let depth = 0;
  const plain = [...markup]
    .map((char) => {
      if (char === '{') depth += 1;
      const out = depth > 0 && char !== '\n' ? ' ' : char;
      if (char === '}') depth -= 1;
      return out;
    })
    .join('');
  return plain.replace(/<[^<>]*(?:=>[^<>]*)*>/g, (all) => all.replace(/[^\n]/g, ' ')).split('\n');
}

const problems = [];
for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
  if (
    !entry.isFile() ||
    !/\.(?:svelte|ts|css)$/.test(entry.name) ||
    entry.name.endsWith('.gen.ts')
  )
    continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const source = readFileSync(path, 'utf8');
  const name = relative(root, path);
  const lines = source.split('\n');
  if (lines.length > LINES_MAX)
    problems.push(`${name}: ${lines.length} lines, at most ${LINES_MAX}`);
  lines.forEach((line, at) => {
    for (const { files, pattern, reason } of RULES) {
      if (files.test(entry.name) && pattern.test(line) && !/^\s*(?:\/\/|\*|\/\*)/.test(line))
        problems.push(`src/${name}:${at + 1}: ${reason}: ${line.trim().slice(0, 80)}`);
    }
  });
  if (!entry.name.endsWith('.svelte')) continue;
  wordsIn(source).forEach((line, at) => {
    if (/[A-Za-z]{3}/.test(line))
      problems.push(`src/${name}:${at + 1}: words in a component: ${line.trim().slice(0, 80)}`);
  });
}
/** Licences of packages, as `deny.toml` has them for crates, and what npm adds to them. */
const LICENCES = new Set([
  '(MIT OR Apache-2.0)',
  '(MPL-2.0 OR Apache-2.0)',
  '0BSD',
  'Apache-2.0',
  'BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MPL-2.0',
  'Python-2.0',
]);
/** Packages that name theirs in a file only: both are MIT. */
const UNSAID = new Set(['node_modules/decko', 'node_modules/stickyfill']);

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
for (const [name, { license }] of Object.entries(lock.packages)) {
  if (!LICENCES.has(license) && !UNSAID.has(name))
    problems.push(`${name}: the licence ${license} is not one of ${[...LICENCES]}`);
}

problems.forEach((problem) => console.error(problem));
if (problems.length > 0) process.exit(1);
console.log('no colours, words or styles where they do not belong');
