/**
 * The types of widgets as the editor offers them: sizes, tags and options of each.
 *
 * The words of `title`, `about`, `label` and `help` are in the part `widgets`
 * (`needWords('widgets')`).
 */
import type { Tag, Widget } from '../lib/types.ts';
import { TYPES, type TypeOfWidget, type ValueKind, type WidgetType } from './catalogue.ts';
import { COMMON, type Option } from './options.ts';

export {
  TYPES,
  type Size,
  type TypeOfWidget,
  type ValueKind,
  type WidgetType,
} from './catalogue.ts';
export type { Choice, Common, Option } from './options.ts';

const BY_TYPE = new Map(TYPES.map((one) => [one.type, one]));

/** Returns what is known of a type. */
export function typeOf(type: WidgetType): TypeOfWidget {
  return BY_TYPE.get(type) as TypeOfWidget;
}

/** Returns which kind of values a tag has. */
export function valueKind({ data_type: type }: Pick<Tag, 'data_type'>): ValueKind {
  if (type === 'bool') return 'bool';
  return type === 'string' ? 'text' : 'number';
}

/** Returns the type that suits a tag best. */
export function typeFor(tag: Pick<Tag, 'data_type'>): WidgetType {
  return valueKind(tag) === 'bool' ? 'status' : 'value';
}

/** Returns whether a widget of a type can show a tag. */
export function suits(type: WidgetType, tag: Pick<Tag, 'data_type'>): boolean {
  return typeOf(type).suits.includes(valueKind(tag));
}

/** Returns all options of a type: the common ones that have an effect, its own, its readers. */
export function optionsOf(type: WidgetType): Option[] {
  const { common, options } = typeOf(type);
  return [...common.flatMap((name) => COMMON[name]), ...options, ...COMMON.roles];
}

/** What some types need before they can be saved. */
const START: Partial<Record<WidgetType, Partial<Widget>>> = {
  table: { filter: { pattern: '**' } },
  status_grid: { filter: { pattern: '**' } },
  button: { button: { value: true } },
  state_timeline: { trend: { enabled: true, aggregation: 'none', range_min: 480 } },
};

/** Returns a new widget at the left top, with the settings that its type starts with. */
export function newWidget(type: WidgetType, tags: readonly Pick<Tag, 'id'>[] = []): Widget {
  const { size, tags: count } = typeOf(type);
  const start = { ...START[type] };
  if (0 < tags.length) delete start.filter;
  return {
    type,
    title: '',
    x: 0,
    y: 0,
    ...size,
    bindings: tags.slice(0, count[1]).map(({ id }) => ({ tag: id })),
    trend: { enabled: type === 'line', aggregation: 'band', range_min: 15 },
    format: { show_unit: true, size: 'fit' },
    axis: { mode: 'auto' },
    show_legend: 1 < tags.length,
    ...start,
  };
}
