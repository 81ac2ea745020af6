// Types of the API from ../api/openapi.json; `--check` compares instead of writing.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../api/openapi.json', import.meta.url));
const target = fileURLToPath(new URL('../src/lib/api.gen.ts', import.meta.url));

/** JSON Schema's words for what TypeScript calls otherwise. */
const PLAIN = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  null: 'null',
};

/** Returns the type of a schema. */
function typeOf(schema) {
  if (schema === true || schema === undefined) return 'unknown';
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(' | ');
  const union = schema.oneOf ?? schema.anyOf;
  if (union) return [...new Set(union.map(typeOf))].join(' | ');
  if (schema.allOf) return schema.allOf.map(typeOf).join(' & ');
  if (Array.isArray(schema.type))
    return schema.type.map((type) => typeOf({ ...schema, type })).join(' | ');
  if (schema.type === 'array') return listOf(schema);
  if (schema.type === 'object' || schema.properties) return objectOf(schema);
  return PLAIN[schema.type] ?? 'unknown';
}

function listOf(schema) {
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeOf).join(', ')}]`;
  return `(${typeOf(schema.items)})[]`;
}

function objectOf({ properties = {}, required = [], additionalProperties }) {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const mark = required.includes(name) ? '' : '?';
    const key = /^\w+$/.test(name) ? name : literal(name);
    return `${comment(schema.description)}  ${key}${mark}: ${typeOf(schema)};\n`;
  });
  if (fields.length === 0) return `Record<string, ${typeOf(additionalProperties || undefined)}>`;
  return `{\n${fields.join('')}}`;
}

function literal(value) {
  return typeof value === 'string'
    ? `'${value.replace(/['\\]/g, '\\$&')}'`
    : JSON.stringify(value);
}

function comment(text) {
  return text ? `  /** ${text.split('\n')[0].replaceAll('*/', '* /')} */\n` : '';
}

function main() {
  const { components } = JSON.parse(readFileSync(source, 'utf8'));
  const types = Object.entries(components.schemas).map(([name, schema]) => {
    const head = comment(schema.description).trimStart();
    return `${head}export type ${name} = ${typeOf(schema)};\n`;
  });
  const head = '// Generated from api/openapi.json by scripts/api-types.mjs.';
  const made = `${head}\n\n${types.join('\n')}`;
  if (!process.argv.includes('--check')) return writeFileSync(target, made);
  if (readFileSync(target, 'utf8') === made)
    return console.log('src/lib/api.gen.ts is up to date');
  console.error('src/lib/api.gen.ts is out of date; run `npm run codegen`');
  return process.exit(1);
}

main();
