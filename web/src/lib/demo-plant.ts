/** A small plant without any device, for a hub that is to be looked at first. */
import { api } from './api.ts';
import type { EditRow } from './api.gen.ts';
import { newId } from './ids.ts';
import type { Device, Page } from './types.ts';

interface DemoTag {
  name: string;
  address: string;
  data_type: string;
  unit?: string;
  min?: number;
  max?: number;
  writable?: boolean;
}

const float = (name: string, address: string, unit: string, more = {}): DemoTag => ({
  name,
  address,
  data_type: 'float32',
  unit,
  ...more,
});

/** Devices with their tags; the addresses are signals of the protocol `simulated`. */
const DEVICES: { name: string; path: string; tags: DemoTag[] }[] = [
  {
    name: 'Boiler',
    path: 'demo/heating/boiler',
    tags: [
      float('supply_setpoint', 'setpoint:70', '°C', { min: 30, max: 90, writable: true }),
      float('supply_temperature', 'follow:20s:supply_setpoint', '°C', { min: 0, max: 110 }),
      float('return_temperature', 'sine:6m:48..56', '°C', { min: 0, max: 110 }),
      float('pressure', 'walk:60s:1.6..2.1', 'bar', { min: 0, max: 4 }),
      { name: 'burner', address: 'square:45s:0..1', data_type: 'bool' },
    ],
  },
  {
    name: 'Tank',
    path: 'demo/water/tank',
    tags: [
      float('level', 'sine:4m:35..82', '%', { min: 0, max: 100 }),
      float('inflow', 'walk:60s:3..14', 'm³/h', { min: 0, max: 20 }),
      float('temperature', 'sine:9m:11..14', '°C', { min: 0, max: 40 }),
      { name: 'pump', address: 'square:30s:0..1', data_type: 'bool' },
    ],
  },
  {
    name: 'Energy meter',
    path: 'demo/energy/meter',
    tags: [
      float('power', 'walk:90s:18..64', 'kW', { min: 0, max: 100 }),
      float('voltage', 'walk:30s:229..234', 'V', { min: 0, max: 260 }),
      { name: 'energy', address: 'counter:0.5/s:1000', data_type: 'uint32', unit: 'kWh' },
    ],
  },
];

/** Returns the edits that make the plant: one connection, its devices, their tags. */
export function demoEdits(): EditRow[] {
  const connection = newId();
  const edits: EditRow[] = [
    {
      op: 'create',
      kind: 'connection',
      id: connection,
      body: { name: 'Demo plant', protocol: 'simulated', settings: {} },
    },
  ];
  for (const { name, path, tags } of DEVICES) {
    const device = newId();
    const body = { name, path, connection, settings: {} };
    edits.push({ op: 'create', kind: 'device', id: device, body });
    for (const tag of tags)
      edits.push({ op: 'create', kind: 'tag', id: newId(), body: { device, ...tag } });
  }
  return edits;
}

/** Returns whether there is a plant already. */
export async function hasPlant(signal?: AbortSignal): Promise<boolean> {
  const { items } = await api.get<Page<Device>>('devices', { limit: 1 }, signal);
  return 0 < items.length;
}

export async function loadDemo(): Promise<void> {
  await api.post('edits', { edits: demoEdits() });
}
