/** Types of tiles that the first dashboard does without, each loaded when it is first shown. */
import type { Component } from 'svelte';
import { needWords } from '../lib/i18n.svelte.ts';
import type { Part } from '../lib/parts.ts';
import type { Point } from '../lib/plant.ts';
import type { Widget } from '../lib/types.ts';

export interface TileProps {
  widget: Widget;
  /** The points of its tags, as far as they are there and may be seen. */
  points: Point[];
  title: string;
  onopen: (tag: string) => void;
}

type Module = { default: Component<TileProps> };

async function part(module: Promise<Module>, ...words: Part[]): Promise<Module> {
  const [loaded] = await Promise.all([module, ...words.map(needWords)]);
  return loaded;
}

const LOADERS: Partial<Record<Widget['type'], () => Promise<Module>>> = {
  line: () => part(import('./LineWidget.svelte'), 'tiles'),
  gauge: () => part(import('./GaugeWidget.svelte'), 'tiles'),
  bar: () => part(import('./BarWidget.svelte'), 'tiles'),
  text: () => part(import('./TextWidget.svelte')),
  status: () => part(import('./StateWidget.svelte'), 'tiles'),
  status_grid: () => part(import('./StateGridWidget.svelte'), 'tiles'),
  state_timeline: () => part(import('./TimelineWidget.svelte'), 'tiles'),
  table: () => part(import('./TableWidget.svelte'), 'tiles', 'alarmbar'),
  alarm_list: () => part(import('./AlarmListWidget.svelte'), 'tiles', 'alarmbar', 'alarms'),
  setpoint: () => part(import('./SetpointWidget.svelte'), 'tiles'),
  image: () => part(import('./ImageWidget.svelte'), 'tiles'),
  frame: () => part(import('./FrameWidget.svelte'), 'tiles'),
  button: () => part(import('./ButtonWidget.svelte'), 'tiles'),
};

const loading = new Map<Widget['type'], Promise<Module>>();

const unknown = (): Promise<Module> => part(import('./UnknownWidget.svelte'), 'tiles');

/** Returns the tile of a type, loaded once; one that failed to load is asked for again. */
export function tileOf(type: Widget['type']): Promise<Module> {
  const known = loading.get(type);
  if (known) return known;
  const module = (LOADERS[type] ?? unknown)();
  loading.set(type, module);
  module.catch(() => loading.delete(type));
  return module;
}
