/** Settings of the process, as the file writes them and as the page searches them. */
import { said, type Said } from './said.ts';
import type { ShownSection, ShownSetting } from './api.gen.ts';

/** Returns a value as the settings file writes it; texts, numbers and lists look as in JSON. */
export function asToml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asToml).join(', ')}]`;
  return JSON.stringify(value);
}

/** Returns whether somebody gave the setting a value. */
export const isGiven = ({ source }: ShownSetting): boolean => source !== 'default';

/** Returns what a setting means. */
export const describe = (section: string, { key, description }: ShownSetting): Said =>
  said(`config.${section}.${key}`, description);

/** Returns the sections with the settings that hold all words of a search. */
export function findSettings(
  sections: readonly ShownSection[],
  search: string,
  givenOnly: boolean,
): ShownSection[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (section: ShownSection, one: ShownSetting): boolean => {
    const { text: about } = describe(section.name, one);
    const text = `${section.name}.${one.key} ${about} ${asToml(one.value)}`;
    return words.every((word) => text.toLowerCase().includes(word));
  };
  return sections
    .map((section) => ({
      ...section,
      settings: section.settings.filter(
        (one) => (!givenOnly || isGiven(one)) && holds(section, one),
      ),
    }))
    .filter(({ settings }) => settings.length > 0);
}
