import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
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
  const source = await readFile(fileURLToPath(url), 'utf8');
  const { outputText } = ts.transpileModule(source, { compilerOptions: options });
  return { format: 'module', source: outputText, shortCircuit: true };
}
