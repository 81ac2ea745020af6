/** The objects of the API as the pages use them: the generated types, and forms of them. */
import type * as Gen from './api.gen.ts';

export type Kind =
  | 'alarm-rules'
  | 'assets'
  | 'channels'
  | 'connections'
  | 'dashboards'
  | 'devices'
  | 'dictionaries'
  | 'groups'
  | 'notification-policies'
  | 'pictures'
  | 'retention-policies'
  | 'rosters'
  | 'routes'
  | 'tags'
  | 'templates';
export type Scalar = Gen.Value;
export type Settings = Record<string, unknown>;

export interface Stored {
  id: string;
  revision: number;
  updated_us: number;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
  total: number;
}

/** An object of the API whose settings only a protocol's schema describes. */
type WithSettings<T> = Omit<T, 'settings'> & { settings: Settings };

export type Connection = WithSettings<Gen.ConnectionItem>;
export type ConnectionBody = Omit<Connection, keyof Stored | 'status'>;
export type Device = WithSettings<Gen.DeviceItem>;
export type DeviceBody = Omit<
  Device,
  keyof Stored | 'status' | 'connection_name' | 'tag_count' | 'full_path'
>;
export type Tag = Gen.TagItem;
export type TagBody = Omit<
  Tag,
  keyof Stored | 'path' | 'index' | 'device_name' | 'poll_ms' | 'current'
>;
export type Dashboard = Stored & Gen.Dashboard;
export type PolicyBody = Required<Omit<Gen.RetentionPolicy, 'days'>> & { days: Gen.RetentionDays };
export type Policy = Stored & PolicyBody;
export type AlarmRule = Gen.AlarmRule;
export type Asset = Gen.AssetItem;
export type Group = Gen.GroupItem;
export type { Widget, WidgetGroup } from './api.gen.ts';

export type DataType = Gen.DataType;
export type ByteOrder = Gen.ByteOrder;
export type TrendData = Gen.TrendData;
export type Written = Gen.WriteOutcome;
export type TestReport = Gen.TestOutcome;
export type PollReport = Gen.PollOutcome;
export type WireFrame = Gen.WireFrame;
export type WireFrames = Gen.WireFrames;
export type Job = Gen.Job;
export type Storage = Gen.Storage;
export type Health = Gen.Health;
export type Stats = Omit<Gen.Stats, 'hub'> & {
  hub: Omit<Gen.HubStats, 'historian'> & { historian: HistorianStats };
};

/** Figures of the store, as it writes them. */
export interface HistorianStats {
  appended: number;
  dropped: number;
  in_memory: number;
  wal_bytes: number;
  segments: number;
  segment_bytes: number;
  segment_samples: number;
  quarantined: number;
  sync_us: number;
  error?: string | null;
}

export type Protocol = Omit<Gen.ProtocolItem, 'connection_schema' | 'device_schema'> & {
  connection_schema: Schema;
  device_schema: Schema;
};

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
