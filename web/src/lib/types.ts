/** The objects of the API as the pages use them. */

export type Kind = 'connections' | 'devices' | 'tags' | 'dashboards';
export type Scalar = boolean | number | string;
export type Settings = Record<string, unknown>;
export type QualityClass = 'good' | 'uncertain' | 'bad';

export interface Stored {
  id: string;
  revision: number;
  updated_us: number;
}

export interface ConnectionBody {
  name: string;
  protocol: string;
  enabled: boolean;
  settings: Settings;
  description?: string;
}

export type ConnectionState =
  'stopped' | 'starting' | 'running' | 'degraded' | 'error' | 'disabled';

export interface ConnectionStatus {
  state: ConnectionState;
  since_us: number;
  last_error?: string | null;
  restarts: number;
  devices: number;
  tags: number;
  requests: number;
  answered: number;
  success_rate?: number | null;
  round_trip_p50_us?: number | null;
  round_trip_p95_us?: number | null;
  missed_scans: number;
}

export interface Connection extends Stored, ConnectionBody {
  status?: ConnectionStatus | null;
}

export interface DeviceBody {
  name: string;
  connection: string;
  path: string;
  enabled: boolean;
  period_ms: number;
  settings: Settings;
  description?: string;
}

export type DeviceState = 'unknown' | 'online' | 'offline' | 'error';

export interface DeviceStatus {
  state: DeviceState;
  last_seen_us?: number | null;
  last_error?: string | null;
  last_error_us?: number | null;
  consecutive_errors: number;
  requests: number;
  answered: number;
  timeouts: number;
  late: number;
  malformed: number;
  exceptions: Record<string, number>;
  bytes_out: number;
  bytes_in: number;
  round_trip_p50_us?: number | null;
  round_trip_p95_us?: number | null;
  scans: number;
  missed_scans: number;
  jitter_p50_us?: number | null;
  jitter_p99_us?: number | null;
}

export interface Device extends Stored, DeviceBody {
  status?: DeviceStatus | null;
}

export interface TagBody {
  device: string;
  name: string;
  address: string;
  data_type: string;
  order?: string | null;
  length?: number | null;
  scale?: number;
  offset?: number;
  unit?: string;
  decimals?: number | null;
  min?: number | null;
  max?: number | null;
  invalid?: number[];
  period_ms?: number | null;
  enabled?: boolean;
  writable?: boolean;
  history?: boolean;
  description?: string;
}

export interface CurrentValue {
  value: Scalar | null;
  quality: number;
  quality_name: string;
  class: QualityClass;
  time_us: number;
}

export interface Tag extends Stored, TagBody {
  path: string;
  index: number;
  device_name: string;
  current?: CurrentValue | null;
}

export type WidgetType = 'value' | 'gauge' | 'line' | 'bar' | 'status' | 'text';
export type Aggregation = 'none' | 'mean' | 'min' | 'max' | 'last' | 'band';

export interface Widget {
  type: WidgetType;
  title: string;
  x: number;
  y: number;
  w: number;
  h: number;
  bindings: { tag: string; color?: string | null }[];
  description?: string;
  trend: {
    enabled: boolean;
    step_secs?: number | null;
    aggregation: Aggregation;
    range_min: number;
  };
  format: { decimals?: number | null; show_unit: boolean; size: 'fit' | 's' | 'm' | 'l' | 'xl' };
  axis: { mode: 'auto' | 'static' | 'tag'; min?: number | null; max?: number | null };
  show_legend: boolean;
}

export interface Group {
  name: string;
  description?: string;
  collapsed: boolean;
  widgets: Widget[];
}

export interface DashboardBody {
  name: string;
  order: number;
  groups: Group[];
}

export type Dashboard = Stored & DashboardBody;

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
  total: number;
}

export interface TrendData {
  tag: string;
  path: string;
  unit: string;
  start_us: number;
  end_us: number;
  bucket_us?: number | null;
  columns: string[];
  rows: (number | null)[][];
}

export interface Written {
  value: Scalar;
  read_back?: Scalar | null;
  confirmed: boolean;
  time_us: number;
}

export interface TestReport {
  ok: boolean;
  connect_us?: number | null;
  round_trip_us?: number | null;
  message: string;
  exchange: string[];
}

export interface PollReport {
  good: number;
  bad: number;
  error?: string | null;
}

export interface WireEntry {
  time_us: number;
  direction: 'sent' | 'received';
  bytes: string;
  note: string;
}

export interface Protocol {
  name: string;
  title: string;
  summary: string;
  address_help: string;
  connection_schema: Schema;
  device_schema: Schema;
}

/** The part of JSON Schema that the settings forms understand. */
export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  title?: string;
  description?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema | boolean;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  pattern?: string;
  writeOnly?: boolean;
}
