/** Settings forms from JSON Schema: fields, defaults, and what is sent back. */
import type { Schema, Settings } from './types.ts';

export interface Choice {
  value: unknown;
  label: string;
  help: string;
}

export interface Variant {
  value: string;
  help: string;
  schema: Schema;
}

export type FieldKind =
  'text' | 'number' | 'integer' | 'bool' | 'choice' | 'object' | 'list' | 'json';

export interface Field {
  name: string;
  kind: FieldKind;
  label: string;
  help: string;
  required: boolean;
  nullable: boolean;
  secret: boolean;
  schema: Schema;
  choices: Choice[];
  min?: number | undefined;
  max?: number | undefined;
}

/** Follows references and takes `null` out of unions. */
export function resolve(schema: Schema, root: Schema): { schema: Schema; nullable: boolean } {
  let found = schema;
  let nullable = false;
  for (let depth = 0; depth < 16; depth += 1) {
    const { $ref, allOf, anyOf, ...rest } = found;
    if ($ref) {
      found = { ...byPointer(root, $ref), ...rest };
    } else if (allOf?.length === 1) {
      found = { ...allOf[0], ...rest };
    } else if (anyOf?.some((part) => part.type === 'null')) {
      nullable = true;
      const parts = anyOf.filter((part) => part.type !== 'null');
      found = parts.length === 1 ? { ...parts[0], ...rest } : { ...rest, oneOf: parts };
    } else {
      break;
    }
  }
  if (Array.isArray(found.type) && found.type.includes('null')) {
    nullable = true;
    const types = found.type.filter((type) => type !== 'null');
    found = { ...found, type: types.length === 1 ? (types[0] as string) : types };
  }
  return { schema: found, nullable };
}

function byPointer(root: Schema, ref: string): Schema {
  const parts = ref.replace(/^#\//, '').split('/');
  let at: unknown = root;
  for (const part of parts)
    at = (at as Record<string, unknown> | undefined)?.[
      part.replace(/~1/g, '/').replace(/~0/g, '~')
    ];
  return (at as Schema | undefined) ?? {};
}

/** Returns `unit_id` as "Unit id": names of settings are words already. */
export function labelOf(name: string): string {
  const words = name.replace(/_(ms|us|secs|bytes)$/, '').replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Returns the unit that the end of a name says. */
export function unitOf(name: string): string {
  const end = /_(ms|us|secs|bytes)$/.exec(name)?.[1];
  return { ms: 'ms', us: 'µs', secs: 's', bytes: 'B' }[end ?? ''] ?? '';
}

function choicesOf(schema: Schema, root: Schema): Choice[] {
  if (schema.enum)
    return schema.enum
      .filter((value) => value !== null)
      .map((value) => ({ value, label: String(value), help: '' }));
  const parts = (schema.oneOf ?? []).map((part) => resolve(part, root).schema);
  if (parts.length === 0) return [];
  const choices: Choice[] = [];
  for (const part of parts) {
    if (part.const !== undefined)
      choices.push({
        value: part.const,
        label: part.title ?? String(part.const),
        help: part.description ?? '',
      });
    else if (part.enum)
      choices.push(
        ...part.enum.map((value) => ({
          value,
          label: String(value),
          help: part.description ?? '',
        })),
      );
    else return [];
  }
  return choices;
}

function kindOf(schema: Schema, choices: Choice[], root: Schema): FieldKind {
  if (choices.length > 0) return 'choice';
  if (schema.properties || discriminator(schema, root)) return 'object';
  switch (schema.type) {
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return schema.type;
    case 'boolean':
      return 'bool';
    case 'array':
      return 'list';
    default:
      return 'json';
  }
}

export function fieldOf(name: string, raw: Schema, root: Schema, required: boolean): Field {
  const { schema, nullable } = resolve(raw, root);
  const choices = choicesOf(schema, root);
  return {
    name,
    kind: kindOf(schema, choices, root),
    label: schema.title && schema.title.length < 40 ? schema.title : labelOf(name),
    help: raw.description ?? schema.description ?? '',
    required,
    nullable,
    secret:
      schema.writeOnly === true ||
      schema.format === 'password' ||
      /password|passphrase|secret/.test(name),
    schema,
    choices,
    min: schema.minimum,
    max: schema.maximum,
  };
}

/** Returns the property by whose constant the variants of a `oneOf` differ, with the variants. */
export function discriminator(
  schema: Schema,
  root: Schema,
): { name: string; variants: Variant[] } | null {
  const parts = (schema.oneOf ?? []).map((part) => resolve(part, root).schema);
  const firstPart = parts[0];
  if (!firstPart?.properties) return null;
  const constant = (part: Schema, name: string): unknown => {
    const property = part.properties?.[name];
    return property?.const ?? (property?.enum?.length === 1 ? property.enum[0] : undefined);
  };
  const name = Object.keys(firstPart.properties).find((key) =>
    parts.every((part) => constant(part, key) !== undefined),
  );
  if (!name) return null;
  const variants = parts.map((part) => ({
    value: String(constant(part, name)),
    help: part.description ?? '',
    schema: part,
  }));
  return { name, variants };
}

/**
 * Whether a property applies: `x-transports: [tcp]` means "only where `transport` is `tcp`", and so
 * on for every other setting that a protocol chooses by.
 */
function appliesTo(property: Schema, schema: Schema, value: Settings): boolean {
  return Object.entries(property).every(([key, allowed]) => {
    const by = /^x-(\w+)s$/.exec(key)?.[1];
    if (!by || !Array.isArray(allowed) || !schema.properties?.[by]) return true;
    return allowed.includes(value[by] ?? schema.properties[by].default);
  });
}

/** Returns the fields of an object schema that apply to a value. */
export function fieldsOf(raw: Schema, root: Schema, value: Settings): Field[] {
  const { schema } = resolve(raw, root);
  const need = new Set(schema.required ?? []);
  const fields: Field[] = [];
  const applies = (property: Schema): boolean => appliesTo(property, schema, value);
  const choice = discriminator(schema, root);
  if (choice) {
    fields.push(discriminatorField(choice));
    const chosen =
      choice.variants.find((variant) => variant.value === value[choice.name]) ??
      choice.variants[0];
    const variantNeed = new Set(chosen?.schema.required ?? []);
    for (const [name, property] of Object.entries(chosen?.schema.properties ?? {})) {
      if (name !== choice.name) fields.push(fieldOf(name, property, root, variantNeed.has(name)));
    }
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (fields.every((field) => field.name !== name) && applies(property))
      fields.push(fieldOf(name, property, root, need.has(name)));
  }
  const choosers = new Set(Object.values(schema.properties ?? {}).flatMap(choosersOf));
  return fields
    .map((field, at) => ({ field, at, rank: choosers.has(field.name) ? -1 : rankOf(field) }))
    .sort((a, b) => a.rank - b.rank || a.at - b.at)
    .map(({ field }) => field);
}

/** Returns the settings by which a property says that it applies. */
function choosersOf(property: Schema): string[] {
  return Object.keys(property).flatMap((key) => /^x-(\w+)s$/.exec(key)?.[1] ?? []);
}

/** Times, limits and switches have defaults that nearly always fit: they stand last, and folded. */
export function isFineTuning({ name, kind, required, schema }: Field): boolean {
  if (required || schema.default === undefined) return false;
  return (
    unitOf(name) !== '' || kind === 'bool' || /^(?:max_|min_|retries$)|_(?:max|min)$/.test(name)
  );
}

/** What must be said comes first, then choices, then what has a default. */
function rankOf(field: Field): number {
  if (isFineTuning(field)) return 3;
  if (field.required || (field.kind === 'text' && !field.schema.default)) return 0;
  return field.kind === 'integer' ? 1 : 2;
}

function discriminatorField({ name, variants }: { name: string; variants: Variant[] }): Field {
  const choices = variants.map(({ value, help }) => ({ value, label: value, help }));
  return {
    name,
    kind: 'choice',
    label: labelOf(name),
    help: '',
    required: true,
    nullable: false,
    secret: false,
    schema: {},
    choices,
  };
}

/** Returns a value to start a form with: defaults, and empty places for what must be given. */
export function initial(raw: Schema, root: Schema): Settings {
  const settings: Settings = {};
  const choice = discriminator(resolve(raw, root).schema, root);
  if (choice) settings[choice.name] = choice.variants[0]?.value;
  for (const [name, property] of Object.entries(resolve(raw, root).schema.properties ?? {})) {
    const { default: given } = resolve(property, root).schema;
    if (given !== undefined && given !== null) settings[name] = structuredClone(given);
  }
  for (const field of fieldsOf(raw, root, settings)) {
    if (field.name in settings) continue;
    if (field.schema.default != null)
      settings[field.name] = structuredClone(field.schema.default);
    else if (field.kind === 'object' && field.required)
      settings[field.name] = initial(field.schema, root);
    else if (field.kind === 'choice' && field.required)
      settings[field.name] = field.choices[0]?.value;
  }
  return settings;
}

/** Returns the settings that apply: what belongs to another variant or is empty is left out. */
export function prune(raw: Schema, root: Schema, value: Settings): Settings {
  const kept: Settings = {};
  for (const field of fieldsOf(raw, root, value)) {
    const given = value[field.name];
    if (given === undefined || given === null || given === '') continue;
    if (field.kind === 'object') kept[field.name] = prune(field.schema, root, given as Settings);
    else kept[field.name] = given;
  }
  return kept;
}
