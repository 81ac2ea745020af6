/** Options of widgets as the editor's panel of options draws them. */
import type { Key } from '../lib/i18n.keys.gen.ts';

/**
 * A choice; `undefined` takes the field out of the widget, which stands for the default. An object
 * whose last field is taken out, such as `limits`, is taken out too.
 */
export interface Choice {
  value: string | number | boolean | undefined;
  label: Key;
}

interface Base {
  /** Where the value is in the JSON of the widget: names with `/` between. */
  path: string;
  label: Key;
  help?: Key;
  /** Only shown while the value at `path` is one of `is`. */
  when?: { path: string; is: readonly (string | number | boolean | undefined)[] };
}

/** One option; what it edits depends on its kind. */
export type Option = Base &
  (
    | {
        kind: 'number';
        min?: number;
        max?: number;
        isWhole?: boolean;
        /** Whether the field may be empty, which takes it out of the widget. */
        isOptional?: boolean;
        unit?: Key;
      }
    /** On or off; an absent field is off, or what `whenAbsent` says. */
    | { kind: 'switch'; whenAbsent?: boolean }
    /** Few choices stand side by side, many in a list. */
    | { kind: 'choice'; choices: readonly Choice[] }
    | { kind: 'text'; max: number; isLong?: boolean }
    /** Pen `t1` to `t6` or a colour as `#rrggbb`; absent is the next free pen. */
    | { kind: 'colour' }
    /** A number, text, or yes and no: the value of a tag. */
    | { kind: 'value'; isOptional?: boolean }
    /** A list of objects; `path` of a column is within the row. */
    | { kind: 'rows'; max: number; columns: readonly Option[]; blank: Record<string, unknown> }
    /** Some of the choices, as a list in their order. */
    | { kind: 'set'; choices: readonly Choice[]; whenAbsent: readonly (string | number)[] }
    /** A time of the day as HH:MM. */
    | { kind: 'time'; whenAbsent: string }
    /** A page of this hub as its path. */
    | { kind: 'link' }
    /** Paths of tags with wildcards. */
    | { kind: 'pattern' }
    /** Id of an object of the plant, absent when none is chosen. */
    | { kind: 'object'; of: 'assets' | 'groups' }
    /** Name of a file of dashboards. */
    | { kind: 'file' }
  );

/** Options that several types share. */
export type Common =
  | 'title'
  | 'description'
  | 'text'
  | 'decimals'
  | 'unit'
  | 'size'
  | 'axis'
  | 'trend'
  | 'range'
  | 'step'
  | 'aggregation'
  | 'legend'
  | 'link'
  | 'page'
  | 'quality'
  | 'limits'
  | 'filter'
  | 'states'
  | 'roles';

/** Priorities as choices. */
export const SEVERITIES: readonly Choice[] = ([1, 2, 3, 4] as const).map((value) => ({
  value,
  label: `widget.severity.${value}`,
}));

/** Returns the options of an axis: where its range comes from, and a fixed one. */
export function axisAt(path: string, label: Key, whole: 'auto' | undefined): Option[] {
  const end = (name: 'min' | 'max'): Option => ({
    kind: 'number',
    path: `${path}/${name}`,
    label: `widget.option.${name}`,
    when: { path: `${path}/mode`, is: ['static'] },
  });
  const mode: Option = {
    kind: 'choice',
    path: `${path}/mode`,
    label,
    choices: [
      { value: whole, label: 'widget.axis.auto' },
      { value: 'tag', label: 'widget.axis.tag' },
      { value: 'static', label: 'widget.axis.static' },
    ],
  };
  return [mode, end('min'), end('max')];
}

export const COMMON: Record<Common, readonly Option[]> = {
  title: [{ kind: 'text', path: 'title', label: 'widget.option.title', max: 128 }],
  description: [
    {
      kind: 'text',
      path: 'description',
      label: 'widget.option.description',
      max: 4000,
      isLong: true,
    },
  ],
  text: [
    {
      kind: 'text',
      path: 'description',
      label: 'widget.option.text',
      help: 'widget.help.text',
      max: 4000,
      isLong: true,
    },
  ],
  decimals: [
    {
      kind: 'number',
      path: 'format/decimals',
      label: 'widget.option.decimals',
      help: 'widget.help.decimals',
      min: 0,
      max: 9,
      isWhole: true,
      isOptional: true,
    },
  ],
  unit: [{ kind: 'switch', path: 'format/show_unit', label: 'widget.option.unit' }],
  size: [
    {
      kind: 'choice',
      path: 'format/size',
      label: 'widget.option.size',
      choices: [
        { value: 'fit', label: 'widget.size.fit' },
        { value: 's', label: 'widget.size.s' },
        { value: 'm', label: 'widget.size.m' },
        { value: 'l', label: 'widget.size.l' },
        { value: 'xl', label: 'widget.size.xl' },
      ],
    },
  ],
  axis: axisAt('axis', 'widget.option.axis', 'auto'),
  trend: [{ kind: 'switch', path: 'trend/enabled', label: 'widget.option.trend' }],
  range: [
    {
      kind: 'number',
      path: 'trend/range_min',
      label: 'widget.option.range',
      min: 1,
      max: 1_051_200,
      isWhole: true,
      unit: 'widget.unit.minutes',
    },
  ],
  step: [
    {
      kind: 'number',
      path: 'trend/step_secs',
      label: 'widget.option.step',
      help: 'widget.help.step',
      min: 1,
      max: 4_294_967_295,
      isWhole: true,
      isOptional: true,
      unit: 'widget.unit.seconds',
    },
  ],
  aggregation: [
    {
      kind: 'choice',
      path: 'trend/aggregation',
      label: 'widget.option.aggregation',
      choices: [
        { value: 'band', label: 'widget.aggregation.band' },
        { value: 'mean', label: 'widget.aggregation.mean' },
        { value: 'min', label: 'widget.aggregation.min' },
        { value: 'max', label: 'widget.aggregation.max' },
        { value: 'last', label: 'widget.aggregation.last' },
        { value: 'none', label: 'widget.aggregation.none' },
      ],
    },
  ],
  legend: [{ kind: 'switch', path: 'show_legend', label: 'widget.option.legend' }],
  link: [{ kind: 'link', path: 'link', label: 'widget.option.link', help: 'widget.help.link' }],
  // Where there need not be a tag, nothing opens unless it is said.
  page: [{ kind: 'link', path: 'link', label: 'widget.option.link' }],
  quality: [
    {
      kind: 'switch',
      path: 'show_quality',
      label: 'widget.option.quality',
      help: 'widget.help.quality',
      whenAbsent: true,
    },
  ],
  limits: [
    {
      kind: 'choice',
      path: 'limits/source',
      label: 'widget.option.limits',
      choices: [
        { value: undefined, label: 'widget.limits.alarms' },
        { value: 'own', label: 'widget.limits.own' },
        { value: 'none', label: 'widget.limits.none' },
      ],
    },
    ...(['high_high', 'high', 'low', 'low_low'] as const).map((name): Option => ({
      kind: 'number',
      path: `limits/${name}`,
      label: `widget.option.${name}`,
      isOptional: true,
      when: { path: 'limits/source', is: ['own'] },
    })),
  ],
  filter: [
    {
      kind: 'pattern',
      path: 'filter/pattern',
      label: 'widget.option.pattern',
      help: 'widget.help.pattern',
    },
    { kind: 'object', of: 'assets', path: 'filter/asset', label: 'widget.option.asset' },
    { kind: 'object', of: 'groups', path: 'filter/group', label: 'widget.option.group' },
  ],
  states: [
    {
      kind: 'rows',
      path: 'states/rows',
      label: 'widget.option.states',
      help: 'widget.help.states',
      max: 64,
      blank: { value: 0 },
      columns: [
        { kind: 'value', path: 'value', label: 'widget.option.state_value' },
        { kind: 'number', path: 'up_to', label: 'widget.option.up_to', isOptional: true },
        { kind: 'text', path: 'text', label: 'widget.option.state_text', max: 64 },
        {
          kind: 'choice',
          path: 'symbol',
          label: 'widget.option.symbol',
          choices: [
            { value: undefined, label: 'widget.symbol.filled' },
            { value: 'outline', label: 'widget.symbol.outline' },
            { value: 'cross', label: 'widget.symbol.cross' },
            { value: 'warning', label: 'widget.symbol.warning' },
            { value: 'wait', label: 'widget.symbol.wait' },
            { value: 'hand', label: 'widget.symbol.hand' },
            { value: 'up', label: 'widget.symbol.up' },
            { value: 'down', label: 'widget.symbol.down' },
          ],
        },
        {
          kind: 'choice',
          path: 'severity',
          label: 'widget.option.severity',
          choices: [{ value: undefined, label: 'widget.severity.none' }, ...SEVERITIES],
        },
      ],
    },
    { kind: 'switch', path: 'states/invert', label: 'widget.option.invert' },
  ],
  roles: [
    {
      kind: 'set',
      path: 'roles',
      label: 'widget.option.roles',
      help: 'widget.help.roles',
      choices: [
        { value: 'viewer', label: 'role.viewer' },
        { value: 'operator', label: 'role.operator' },
        { value: 'admin', label: 'role.admin' },
        { value: 'owner', label: 'role.owner' },
      ],
      whenAbsent: [],
    },
  ],
};
