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
  plugins: [svelte(), rootedPage(), precompress()],
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
