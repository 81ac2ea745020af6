import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compileModule } from 'svelte/compiler';
import ts from 'typescript';

const options = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
};

export async function load(url, context, next) {
  if (url.endsWith('.json')) {
    const source = `export default ${await readFile(fileURLToPath(url), 'utf8')}`;
    return { format: 'module', source, shortCircuit: true };
  }
  if (!url.endsWith('.ts')) return next(url, context);
  const text = await readFile(fileURLToPath(url), 'utf8');
  const { outputText } = ts.transpileModule(text, { compilerOptions: options });
  return { format: 'module', source: whole(url, outputText), shortCircuit: true };
}

/** Runes become code, and what the bundler says of the build is said here. */
function whole(url, text) {
  if (!url.endsWith('.svelte.ts')) return text;
  const said = text.replaceAll('import.meta.env', '({ DEV: true })');
  return compileModule(said, { filename: fileURLToPath(url), generate: 'client' }).js.code;
}
