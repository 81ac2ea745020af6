/** Options that only one type of widget has. */
import { axisAt, SEVERITIES, type Choice, type Option } from './options.ts';

export const PEN: Option = { kind: 'colour', path: 'color', label: 'widget.option.color' };
export const RIGHT: Option = { kind: 'switch', path: 'right', label: 'widget.option.right' };

/** Where an image shows a value. */
export const ON_IMAGE: readonly Option[] = (['x', 'y'] as const).map((name) => ({
  kind: 'number',
  path: name,
  label: `widget.option.${name}`,
  min: 0,
  max: 100,
  isOptional: true,
  unit: 'widget.unit.percent',
}));

export const VALUE: readonly Option[] = [
  { kind: 'switch', path: 'value/rate', label: 'widget.option.rate' },
  { kind: 'switch', path: 'value/write', label: 'widget.option.write' },
];

export const GAUGE: readonly Option[] = [
  {
    kind: 'choice',
    path: 'gauge/style',
    label: 'widget.option.style',
    choices: [
      { value: undefined, label: 'widget.gauge.bar' },
      { value: 'half_circle', label: 'widget.gauge.half_circle' },
    ],
  },
  {
    kind: 'number',
    path: 'gauge/target',
    label: 'widget.option.target',
    help: 'widget.help.target',
    isOptional: true,
  },
];

export const CHART: readonly Option[] = [
  {
    kind: 'choice',
    path: 'chart/style',
    label: 'widget.option.style',
    choices: [
      { value: undefined, label: 'widget.chart.line' },
      { value: 'step', label: 'widget.chart.step' },
      { value: 'area', label: 'widget.chart.area' },
    ],
  },
  ...axisAt('chart/right', 'widget.option.right_axis', undefined),
  { kind: 'switch', path: 'chart/limits', label: 'widget.option.limit_lines' },
  { kind: 'switch', path: 'chart/events', label: 'widget.option.events' },
  { kind: 'switch', path: 'chart/zoom', label: 'widget.option.zoom', whenAbsent: true },
];

const OVER_TIME = { path: 'bars/by', is: ['hour', 'shift', 'day', 'week', 'month'] };
const BY_SHIFT = { path: 'bars/by', is: ['shift'] };

export const BARS: readonly Option[] = [
  {
    kind: 'choice',
    path: 'bars/by',
    label: 'widget.option.by',
    choices: [
      { value: undefined, label: 'widget.by.tag' },
      { value: 'hour', label: 'widget.by.hour' },
      { value: 'shift', label: 'widget.by.shift' },
      { value: 'day', label: 'widget.by.day' },
      { value: 'week', label: 'widget.by.week' },
      { value: 'month', label: 'widget.by.month' },
    ],
  },
  {
    kind: 'time',
    path: 'bars/shift_start',
    label: 'widget.option.shift_start',
    whenAbsent: '06:00',
    when: BY_SHIFT,
  },
  {
    kind: 'choice',
    path: 'bars/shift_hours',
    label: 'widget.option.shift_hours',
    choices: [
      { value: 4, label: 'widget.shift.4' },
      { value: 6, label: 'widget.shift.6' },
      { value: undefined, label: 'widget.shift.8' },
      { value: 12, label: 'widget.shift.12' },
    ],
    when: BY_SHIFT,
  },
  {
    kind: 'number',
    path: 'bars/count',
    label: 'widget.option.count',
    help: 'widget.help.count',
    min: 1,
    max: 62,
    isWhole: true,
    isOptional: true,
    when: OVER_TIME,
  },
  {
    kind: 'choice',
    path: 'bars/figure',
    label: 'widget.option.figure',
    choices: [
      { value: undefined, label: 'widget.figure.average' },
      { value: 'minimum', label: 'widget.figure.minimum' },
      { value: 'maximum', label: 'widget.figure.maximum' },
      { value: 'end', label: 'widget.figure.end' },
      { value: 'delta', label: 'widget.figure.delta' },
    ],
    when: OVER_TIME,
  },
  { kind: 'switch', path: 'bars/stacked', label: 'widget.option.stacked' },
  {
    kind: 'choice',
    path: 'bars/sort',
    label: 'widget.option.sort',
    choices: [
      { value: undefined, label: 'widget.sort.given' },
      { value: 'ascending', label: 'widget.sort.ascending' },
      { value: 'descending', label: 'widget.sort.descending' },
    ],
    when: { path: 'bars/by', is: [undefined, 'tag'] },
  },
];

const COLUMNS = ['name', 'path', 'device', 'value', 'quality', 'age', 'alarm'] as const;
const COLUMN_CHOICES: readonly Choice[] = COLUMNS.map((value) => ({
  value,
  label: `widget.column.${value}`,
}));

export const TABLE: readonly Option[] = [
  {
    kind: 'set',
    path: 'table/columns',
    label: 'widget.option.columns',
    choices: COLUMN_CHOICES,
    whenAbsent: ['name', 'value', 'quality', 'age'],
  },
  {
    kind: 'choice',
    path: 'table/sort',
    label: 'widget.option.sort',
    // The name is the default.
    choices: [{ value: undefined, label: 'widget.column.name' }, ...COLUMN_CHOICES.slice(1)],
  },
  { kind: 'switch', path: 'table/descending', label: 'widget.option.descending' },
];

export const ALARM_LIST: readonly Option[] = [
  {
    kind: 'text',
    path: 'alarm_list/area',
    label: 'widget.option.area',
    help: 'widget.help.area',
    max: 2064,
  },
  {
    kind: 'set',
    path: 'alarm_list/priorities',
    label: 'widget.option.priorities',
    choices: SEVERITIES,
    whenAbsent: [],
  },
  {
    kind: 'choice',
    path: 'alarm_list/state',
    label: 'widget.option.alarm_state',
    choices: [
      { value: undefined, label: 'widget.alarms.open' },
      { value: 'active', label: 'widget.alarms.active' },
      { value: 'unacknowledged', label: 'widget.alarms.unacknowledged' },
      { value: 'shelved', label: 'widget.alarms.shelved' },
      { value: 'hidden', label: 'widget.alarms.hidden' },
      { value: 'all', label: 'widget.alarms.all' },
    ],
  },
  {
    kind: 'set',
    path: 'alarm_list/columns',
    label: 'widget.option.columns',
    choices: [
      { value: 'priority', label: 'widget.alarm_column.priority' },
      { value: 'time', label: 'widget.alarm_column.time' },
      { value: 'name', label: 'widget.alarm_column.name' },
      { value: 'text', label: 'widget.alarm_column.text' },
      { value: 'area', label: 'widget.alarm_column.area' },
      { value: 'value', label: 'widget.alarm_column.value' },
      { value: 'state', label: 'widget.alarm_column.state' },
    ],
    whenAbsent: ['priority', 'time', 'name', 'area', 'state'],
  },
  {
    kind: 'switch',
    path: 'alarm_list/acknowledge',
    label: 'widget.option.acknowledge',
    whenAbsent: true,
  },
];

const CONFIRM: Omit<Option & { kind: 'choice' }, 'path'> = {
  kind: 'choice',
  label: 'widget.option.confirm',
  choices: [
    { value: undefined, label: 'widget.confirm.ask' },
    { value: 'tick', label: 'widget.confirm.tick' },
  ],
};

export const SETPOINT: readonly Option[] = [
  {
    kind: 'choice',
    path: 'setpoint/control',
    label: 'widget.option.control',
    choices: [
      { value: undefined, label: 'widget.control.number' },
      { value: 'slider', label: 'widget.control.slider' },
      { value: 'select', label: 'widget.control.select' },
    ],
  },
  ...(['min', 'max', 'step'] as const).map((name): Option => ({
    kind: 'number',
    path: `setpoint/${name}`,
    label: `widget.setpoint.${name}`,
    isOptional: true,
    when: { path: 'setpoint/control', is: [undefined, 'number', 'slider'] },
  })),
  {
    kind: 'rows',
    path: 'setpoint/choices',
    label: 'widget.option.choices',
    max: 64,
    blank: { value: 0 },
    columns: [
      { kind: 'value', path: 'value', label: 'widget.option.state_value' },
      { kind: 'text', path: 'text', label: 'widget.option.state_text', max: 64 },
    ],
    when: { path: 'setpoint/control', is: ['select'] },
  },
  { ...CONFIRM, path: 'setpoint/confirm' },
];

export const BUTTON: readonly Option[] = [
  {
    kind: 'choice',
    path: 'button/action',
    label: 'widget.option.action',
    help: 'widget.help.action',
    choices: [
      { value: undefined, label: 'widget.action.write' },
      { value: 'toggle', label: 'widget.action.toggle' },
      { value: 'hold', label: 'widget.action.hold' },
    ],
  },
  {
    kind: 'value',
    path: 'button/value',
    label: 'widget.option.button_value',
    isOptional: true,
  },
  {
    kind: 'value',
    path: 'button/release',
    label: 'widget.option.release',
    isOptional: true,
    when: { path: 'button/action', is: ['toggle', 'hold'] },
  },
  { kind: 'text', path: 'button/label', label: 'widget.option.button_label', max: 64 },
  {
    ...CONFIRM,
    path: 'button/confirm',
    when: { path: 'button/action', is: [undefined, 'write', 'toggle'] },
  },
];

export const IMAGE: readonly Option[] = [
  { kind: 'file', path: 'image/file', label: 'widget.option.file', help: 'widget.help.file' },
  {
    kind: 'choice',
    path: 'image/fit',
    label: 'widget.option.fit',
    choices: [
      { value: undefined, label: 'widget.fit.contain' },
      { value: 'cover', label: 'widget.fit.cover' },
      { value: 'none', label: 'widget.fit.none' },
    ],
  },
  {
    kind: 'text',
    path: 'image/alt',
    label: 'widget.option.alt',
    help: 'widget.help.alt',
    max: 500,
  },
];

export const FRAME: readonly Option[] = [
  {
    kind: 'text',
    path: 'frame/url',
    label: 'widget.option.url',
    help: 'widget.help.url',
    max: 2048,
  },
  {
    kind: 'number',
    path: 'frame/refresh_s',
    label: 'widget.option.refresh',
    help: 'widget.help.refresh',
    min: 5,
    max: 86_400,
    isWhole: true,
    isOptional: true,
    unit: 'widget.unit.seconds',
  },
];
