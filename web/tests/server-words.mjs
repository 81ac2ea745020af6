// The texts that the server gives in English, by the keys under which the interface has its own.

const oneLine = (text) => text.replace(/\s+/g, ' ').trim();
const put = (found, key, text) => {
  if (text) found[key] = oneLine(text);
};

/** Adds the properties of a schema, their choices, and what lies within them. */
function schemaWords(found, prefix, schema) {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    // Neither protocol has one today; what it refers to would be left out in silence.
    if (property.$ref) throw new Error(`${prefix}.${name} is a reference: follow it here`);
    put(found, `${prefix}.${name}`, property.description);
    for (const choice of property.oneOf ?? [])
      put(found, `${prefix}.${name}.${choice.const}`, choice.description);
    schemaWords(found, `${prefix}.${name}`, property);
  }
}

/** Returns what `GET protocols` says of protocols and their settings. */
export function protocolWords({ items }) {
  const found = {};
  for (const one of items) {
    const prefix = `hint.${one.name}`;
    put(found, `${prefix}.title`, one.title);
    put(found, `${prefix}.summary`, one.summary);
    put(found, `${prefix}.address`, one.address_help);
    schemaWords(found, `${prefix}.connection`, one.connection_schema);
    schemaWords(found, `${prefix}.device`, one.device_schema);
  }
  return found;
}

/** Returns what `GET system/settings` says of sections and settings. */
export function settingWords({ sections }) {
  const found = {};
  for (const { name, description, settings } of sections) {
    put(found, `config.${name}`, description);
    for (const one of settings) put(found, `config.${name}.${one.key}`, one.description);
  }
  return found;
}

/** Returns what `GET expressions/functions` says of functions; several share a name. */
export function functionWords({ items }) {
  const found = {};
  for (const one of items)
    put(found, `function.${one.signature.replace(/\s/g, '')}`, one.doc);
  return found;
}

/** Returns what `GET history/aggregates` says of aggregates. */
export function aggregateWords({ items }) {
  const found = {};
  for (const one of items) put(found, `aggregate.${one.name}`, one.description);
  return found;
}

/** Returns what `GET channel-presets` says of presets and of the places in texts. */
export function presetWords({ items, placeholders }) {
  const found = {};
  for (const one of items) put(found, `channel.hint.${one.id}`, one.hint);
  for (const one of placeholders) put(found, `channel.place.${one.name}`, one.meaning);
  return found;
}

/** What the descriptions of the library end with. */
const NOTE = / (A subset of what the manual lists; .*)$/;

/** Returns what `GET template-library` says of templates. */
export function libraryWords({ items }) {
  const found = {};
  for (const { name, description } of items) {
    put(found, 'library.note', NOTE.exec(description)?.[1]);
    const key = name.toLowerCase().replace(/[^a-z0-9]+/g, '_');
    put(found, `library.${key}`, description.replace(NOTE, ''));
  }
  return found;
}
