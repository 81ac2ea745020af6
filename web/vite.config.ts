import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/** The server behind `npm run dev`; it takes changes only from pages of its own origin. */
const HUB = process.env.HEADWORKS_HUB ?? 'http://127.0.0.1:8080';
const TEXT = /\.(?:html|js|css|svg|json|webmanifest|txt)$/;

/** Emits a `.gz` and a `.br` beside each text file, so that the server never compresses. */
function precompress(): Plugin {
  return {
    name: 'headworks-precompress',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const [fileName, file] of Object.entries(bundle)) {
          if (!TEXT.test(fileName)) continue;
          const source = Buffer.from(file.type === 'chunk' ? file.code : file.source);
          const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
          this.emitFile({
            type: 'asset',
            fileName: `${fileName}.gz`,
            source: gzipSync(source, { level: 9 }),
          });
          this.emitFile({
            type: 'asset',
            fileName: `${fileName}.br`,
            source: brotliCompressSync(source, brotli),
          });
        }
      },
    },
  };
}

/** What the pages of the reference load, and where it comes from; see `reference/`. */
const REFERENCE = {
  'redoc.js': './reference/redoc.js',
  'redoc.standalone.js': 'redoc/bundles/redoc.standalone.js',
  'redoc.standalone.js.LICENSE.txt': 'redoc/bundles/redoc.standalone.js.LICENSE.txt',
  'reference.css': './reference/reference.css',
  'swagger-ui-bundle.js': 'swagger-ui-dist/swagger-ui-bundle.js',
  'swagger-ui-bundle.js.LICENSE.txt': 'swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt',
  'swagger-ui.css': 'swagger-ui-dist/swagger-ui.css',
  'swagger.js': './reference/swagger.js',
};

/** The mark of its makers, which ReDoc would load from their server. */
const LOGO = 'https://cdn.redoc.ly/redoc/logo-mini.svg';
const NO_LOGO = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";

/** Copies the files of the reference of the API, which no other page loads. */
function reference(): Plugin {
  const { resolve } = createRequire(import.meta.url);
  return {
    name: 'headworks-reference',
    apply: 'build',
    generateBundle() {
      for (const [name, file] of Object.entries(REFERENCE)) {
        const text = readFileSync(resolve(file), 'utf8')
          .replaceAll(LOGO, NO_LOGO)
          .replace(/^\/[/*]# sourceMappingURL=.*$/m, '');
        this.emitFile({ type: 'asset', fileName: `reference/${name}`, source: text });
      }
    },
  };
}

const WORDS = '\0words:';
const KEYS = '\0keys:';

/** Returns the words of a file below `src/locales`, in the order of their keys. */
function wordsOf(file: string): [string, string][] {
  const words = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  return Object.entries(words).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Refuses words whose keys are not those of English: they would get the words of others. */
function sameKeys(file: string): void {
  const keys = (name: string): string => wordsOf(name).map(([key]) => key).join('\n');
  if (keys(file) !== keys(join(dirname(file), 'en.json')))
    throw new Error(`${file} has other keys than en.json; npm run lint names them`);
}

/** Names the keys of each part of the words once, beside the words of all languages. */
function keysOnce(): Plugin {
  return {
    name: 'headworks-keys-once',
    apply: 'build',
    enforce: 'pre',
    resolveId(source, importer) {
      if (source.startsWith(KEYS)) return source;
      const isWords = /\/locales\/(?:\w+\/)?\w\w\.json$/.test(source);
      if (!isWords || !importer) return undefined;
      return WORDS + join(dirname(importer), source).replace(/\.json$/, '');
    },
    load(id) {
      if (id.startsWith(KEYS)) {
        const keys = wordsOf(join(id.slice(KEYS.length), 'en.json')).map(([key]) => key);
        return `const keys = ${JSON.stringify(keys.join(' '))}.split(' ');
          export default (words) => Object.fromEntries(keys.map((key, at) => [key, words[at]]));`;
      }
      if (!id.startsWith(WORDS)) return undefined;
      const file = `${id.slice(WORDS.length)}.json`;
      sameKeys(file);
      const words = JSON.stringify(wordsOf(file).map(([, text]) => text));
      return `import named from ${JSON.stringify(KEYS + dirname(file))};
        export default named(${words});`;
    },
  };
}

/** The page without a hub, and what it needs; see `offline/`. */
const SHELL = ['offline.html', 'offline.css', 'offline.js', 'favicon.svg'];

/** Returns the words of the page without a hub, in all languages. */
function offlineWords(): string {
  const folder = new URL('./src/locales/offline/', import.meta.url);
  const words = readdirSync(folder).map((name) => [
    name.replace('.json', ''),
    JSON.parse(readFileSync(new URL(name, folder), 'utf8')),
  ]);
  return JSON.stringify(Object.fromEntries(words));
}

/** Writes the service worker and its page; the version is that of all files of the build. */
function offline(): Plugin {
  const read = (name: string): string =>
    readFileSync(new URL(`./offline/${name}`, import.meta.url), 'utf8');
  return {
    name: 'headworks-offline',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const script = read('offline.js').replace('__WORDS__', offlineWords());
        const files = {
          'offline.html': read('offline.html'),
          'offline.css': read('offline.css'),
          'offline.js': script,
        };
        const all = [...Object.keys(bundle).sort(), ...Object.values(files), read('sw.js')];
        const version = createHash('sha256').update(all.join('\n')).digest('hex').slice(0, 16);
        const worker = read('sw.js')
          .replace('__VERSION__', version)
          .replace('__SHELL__', JSON.stringify(SHELL));
        for (const [fileName, source] of Object.entries({ ...files, 'sw.js': worker }))
          this.emitFile({ type: 'asset', fileName, source });
      },
    },
  };
}

/**
 * Chunks find each other relative to themselves, so that any base path works; only the page itself,
 * which is served for every unknown path, names its files from the root. A server behind a base
 * path puts that in front of `/assets/` here, and nowhere else.
 */
function rootedPage(): Plugin {
  return {
    name: 'headworks-rooted-page',
    apply: 'build',
    transformIndexHtml: { order: 'post', handler: (html) => html.replaceAll('"./', '"/') },
  };
}

export default defineConfig({
  base: './',
  plugins: [keysOnce(), svelte(), rootedPage(), reference(), offline(), precompress()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 200,
  },
  server: {
    proxy: {
      '/api': { target: HUB, changeOrigin: true, headers: { origin: HUB } },
      '/ws': { target: HUB, ws: true, changeOrigin: true, headers: { origin: HUB } },
    },
  },
});
