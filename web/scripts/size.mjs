// Sizes after gzip against the budget: what the first dashboard loads, each lazy chunk, all files.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KB = 1000;
/** What stands before the first values. */
const FIRST_MAX = 70 * KB;
/** The first dashboard with its charts, which load while its values are there already. */
const CHARTS_MAX = 95 * KB;
const CHUNK_MAX = 60 * KB;
/** What a reader can come to load: everything in one language. */
const READER_MAX = 600 * KB;
/** What the binary carries: everything in all languages. */
const ALL_MAX = 800 * KB;
/** Swagger UI and ReDoc, which only their own pages load. */
const REFERENCE_MAX = 900 * KB;

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const gzipped = (file) => statSync(join(dist, `${file}.gz`)).size;

/** Returns the files that a script needs before it runs, itself included. */
function closure(entry) {
  const seen = new Set();
  const wait = [entry];
  while (wait.length > 0) {
    const file = wait.pop();
    if (seen.has(file)) continue;
    seen.add(file);
    const code = readFileSync(join(dist, file), 'utf8');
    for (const [, name] of code.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      wait.push(`assets/${name}`);
  }
  return [...seen];
}

const page = readFileSync(join(dist, 'index.html'), 'utf8');
const entry = /src="\/(assets\/[^"]+\.js)"/.exec(page)[1];
const styles = [...page.matchAll(/href="\/(assets\/[^"]+\.css)"/g)].map(([, file]) => file);
const assets = readdirSync(join(dist, 'assets'))
  .filter((name) => /\.(?:js|css)$/.test(name))
  .map((name) => `assets/${name}`);
const named = (file) => readFileSync(join(dist, file), 'utf8').includes('app.name');
// Several parts of the words are called so; the frame's has the key that names the program.
const english = assets.find(
  (file) => /\/en-[^/]+\.js$/.test(file) && [...closure(file)].some(named),
);
const first = new Set([...closure(entry), ...closure(english), ...styles]);

const sum = (files) => [...files].reduce((total, file) => total + gzipped(file), 0);
/** Returns the styles that come with scripts: they are called as these are. */
const stylesOf = (scripts) => {
  const names = scripts.map((file) => file.replace(/-[^-]{8}\.js$/, ''));
  return assets.filter((file) => file.endsWith('.css') && names.includes(file.slice(0, -13)));
};
const line = closure(assets.find((file) => /\/LineWidget-[^/]+\.js$/.test(file)));
const charts = new Set([...first, ...line, ...stylesOf(line)]);
const rows = [
  ['first dashboard, values (JS + CSS + English)', sum(first), FIRST_MAX],
  ['first dashboard with charts', sum(charts), CHARTS_MAX],
];
for (const file of assets.filter((name) => !first.has(name)))
  rows.push([file, gzipped(file), CHUNK_MAX]);
const others = assets.filter((file) => /\/(?:de|it|nl|zh)-[^/]+\.js$/.test(file));
rows.push(['all files, in one language', sum(assets) - sum(others), READER_MAX]);
rows.push(['all files, in all languages', sum(assets), ALL_MAX]);

const reference = readdirSync(join(dist, 'reference'))
  .filter((name) => /\.(?:js|css)$/.test(name))
  .map((name) => `reference/${name}`);
rows.push(['reference of the API', sum(reference), REFERENCE_MAX]);

let failed = 0;
for (const [name, size, max] of rows) {
  const isMet = size <= max;
  if (!isMet) failed += 1;
  console.log(
    isMet ? 'ok ' : 'TOO LARGE',
    `${(size / KB).toFixed(1).padStart(7)} kB of ${max / KB} kB  ${name}`,
  );
}
if (failed > 0) process.exit(1);
