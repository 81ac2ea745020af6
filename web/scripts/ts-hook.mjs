// Lets `node --test` run TypeScript tests: types are stripped, nothing is bundled.
import { register } from 'node:module';
register('./ts-loader.mjs', import.meta.url);
