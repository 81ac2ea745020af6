import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/** The server behind `npm run dev`; it takes changes only from pages of its own origin. */
const HUB = 'http://127.0.0.1:8080';
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
  plugins: [svelte(), rootedPage(), reference(), precompress()],
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
