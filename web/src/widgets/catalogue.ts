/** What there is to know of each type of widget. */
import type { IconName } from '../components/Icon.svelte';
import type { Key } from '../lib/i18n.keys.gen.ts';
import type { Widget } from '../lib/types.ts';
import type { Common, Option } from './options.ts';
import {
  ALARM_LIST,
  BARS,
  BUTTON,
  CHART,
  FRAME,
  GAUGE,
  IMAGE,
  ON_IMAGE,
  PEN,
  RIGHT,
  SETPOINT,
  TABLE,
  VALUE,
} from './own-options.ts';

export type WidgetType = Widget['type'];
/** Kinds of values: what of the data type matters to a widget. */
export type ValueKind = 'bool' | 'number' | 'text';

/** Columns and rows of the grid. */
export interface Size {
  w: number;
  h: number;
}

export interface TypeOfWidget {
  type: WidgetType;
  /** Its name. */
  title: Key;
  /** What it is for, in a sentence. */
  about: Key;
  icon: IconName;
  min: Size;
  size: Size;
  /** How many tags it takes, the least and the most. */
  tags: readonly [number, number];
  /** Tags whose values it can show. */
  suits: readonly ValueKind[];
  /** Common options that have an effect on it; their descriptors are in `COMMON`. */
  common: readonly Common[];
  /** Options of its own. */
  options: readonly Option[];
  /** Options of each of its tags: `path` is within the binding. */
  binding: readonly Option[];
}

const NUMBERS: readonly ValueKind[] = ['number'];
const STATES: readonly ValueKind[] = ['number', 'bool'];
const ANY: readonly ValueKind[] = ['number', 'bool', 'text'];

export const TYPES: readonly TypeOfWidget[] = [
  {
    type: 'value',
    title: 'widget.type.value',
    about: 'widget.about.value',
    icon: 'value',
    min: { w: 1, h: 1 },
    size: { w: 2, h: 1 },
    tags: [1, 2],
    suits: ANY,
    common: [
      'title',
      'description',
      'link',
      'decimals',
      'unit',
      'size',
      'quality',
      'axis',
      'trend',
      'range',
    ],
    options: VALUE,
    binding: [],
  },
  {
    type: 'gauge',
    title: 'widget.type.gauge',
    about: 'widget.about.gauge',
    icon: 'gauge',
    min: { w: 2, h: 2 },
    size: { w: 2, h: 2 },
    tags: [1, 2],
    suits: NUMBERS,
    common: ['title', 'description', 'link', 'decimals', 'unit', 'quality', 'axis', 'limits'],
    options: GAUGE,
    binding: [],
  },
  {
    type: 'line',
    title: 'widget.type.line',
    about: 'widget.about.line',
    icon: 'trends',
    min: { w: 3, h: 2 },
    size: { w: 6, h: 3 },
    tags: [1, 8],
    suits: STATES,
    common: [
      'title',
      'description',
      'link',
      'decimals',
      'unit',
      'quality',
      'axis',
      'range',
      'step',
      'aggregation',
      'legend',
      'limits',
    ],
    options: CHART,
    binding: [PEN, RIGHT],
  },
  {
    type: 'bar',
    title: 'widget.type.bar',
    about: 'widget.about.bar',
    icon: 'bar',
    min: { w: 2, h: 2 },
    size: { w: 4, h: 3 },
    tags: [1, 8],
    suits: NUMBERS,
    common: ['title', 'description', 'link', 'decimals', 'unit', 'quality', 'axis'],
    options: BARS,
    binding: [PEN],
  },
  {
    type: 'status',
    title: 'widget.type.status',
    about: 'widget.about.status',
    icon: 'power',
    min: { w: 1, h: 1 },
    size: { w: 2, h: 1 },
    tags: [1, 1],
    suits: ANY,
    common: ['title', 'description', 'link', 'quality', 'states'],
    options: [],
    binding: [],
  },
  {
    type: 'status_grid',
    title: 'widget.type.status_grid',
    about: 'widget.about.status_grid',
    icon: 'grid',
    min: { w: 2, h: 2 },
    size: { w: 4, h: 2 },
    tags: [0, 256],
    suits: ANY,
    common: ['title', 'description', 'page', 'filter', 'states'],
    options: [],
    binding: [],
  },
  {
    type: 'state_timeline',
    title: 'widget.type.state_timeline',
    about: 'widget.about.state_timeline',
    icon: 'timeline',
    min: { w: 4, h: 1 },
    size: { w: 12, h: 2 },
    tags: [1, 16],
    suits: ANY,
    common: ['title', 'description', 'link', 'range', 'states'],
    options: [],
    binding: [],
  },
  {
    type: 'table',
    title: 'widget.type.table',
    about: 'widget.about.table',
    icon: 'table',
    min: { w: 3, h: 2 },
    size: { w: 6, h: 4 },
    tags: [0, 256],
    suits: ANY,
    common: ['title', 'description', 'page', 'filter'],
    options: TABLE,
    binding: [],
  },
  {
    type: 'alarm_list',
    title: 'widget.type.alarm_list',
    about: 'widget.about.alarm_list',
    icon: 'alarms',
    min: { w: 4, h: 2 },
    size: { w: 6, h: 4 },
    tags: [0, 0],
    suits: [],
    common: ['title', 'description', 'page'],
    options: ALARM_LIST,
    binding: [],
  },
  {
    type: 'setpoint',
    title: 'widget.type.setpoint',
    about: 'widget.about.setpoint',
    icon: 'setpoint',
    min: { w: 2, h: 1 },
    size: { w: 4, h: 1 },
    tags: [1, 1],
    suits: ANY,
    common: ['title', 'description', 'link', 'decimals', 'unit'],
    options: SETPOINT,
    binding: [],
  },
  {
    type: 'button',
    title: 'widget.type.button',
    about: 'widget.about.button',
    icon: 'button',
    min: { w: 1, h: 1 },
    size: { w: 2, h: 1 },
    tags: [1, 1],
    suits: ANY,
    common: ['title', 'description', 'link'],
    options: BUTTON,
    binding: [],
  },
  {
    type: 'text',
    title: 'widget.type.text',
    about: 'widget.about.text',
    icon: 'note',
    min: { w: 1, h: 1 },
    size: { w: 3, h: 1 },
    tags: [0, 0],
    suits: [],
    common: ['title', 'text'],
    options: [],
    binding: [],
  },
  {
    type: 'image',
    title: 'widget.type.image',
    about: 'widget.about.image',
    icon: 'image',
    min: { w: 2, h: 2 },
    size: { w: 4, h: 3 },
    tags: [0, 64],
    suits: ANY,
    common: ['title', 'description', 'page', 'decimals', 'unit'],
    options: IMAGE,
    binding: ON_IMAGE,
  },
  {
    type: 'frame',
    title: 'widget.type.frame',
    about: 'widget.about.frame',
    icon: 'window',
    min: { w: 3, h: 3 },
    size: { w: 6, h: 4 },
    tags: [0, 0],
    suits: [],
    common: ['title', 'description', 'page'],
    options: FRAME,
    binding: [],
  },
];
