// Sizes after gzip against the budget: what the first dashboard loads, each lazy chunk, all files.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KB = 1000;
const FIRST_MAX = 90 * KB;
const CHUNK_MAX = 60 * KB;
const ALL_MAX = 600 * KB;
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
// Several parts of the words are called so; the frame's is the one that names the program.
const english = assets.find(
  (file) =>
    /\/en-[^/]+\.js$/.test(file) && readFileSync(join(dist, file), 'utf8').includes('app.name'),
);
const first = new Set([...closure(entry), ...closure(english), ...styles]);

const sum = (files) => [...files].reduce((total, file) => total + gzipped(file), 0);
const rows = [['first dashboard (JS + CSS + English)', sum(first), FIRST_MAX]];
for (const file of assets.filter((name) => !first.has(name)))
  rows.push([file, gzipped(file), CHUNK_MAX]);
rows.push(['all files', sum(assets), ALL_MAX]);

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
