// Generated from api/openapi.json by scripts/api-types.mjs.

/** How good a sample must be to pass. */
export type Accept = 'good' | 'usable' | 'any';

/** What became of acknowledgements. */
export type Acknowledged = {
  /** How many are acknowledged. */
  done: number;
  /** Those that are not, with the reason. */
  refused: (RefusedEvent)[];
};

/** The event that was seen, and what is said to it. */
export type Acknowledgement = {
  /** Comment; may be empty. */
  comment?: string;
  /** The event that was seen: when the alarm has come again since, it stays unacknowledged. */
  event: EventId;
};

/** The events that were seen, and what is said to them. */
export type Acknowledgements = {
  /** Comment on all of them; may be empty. */
  comment?: string;
  /** The alarms with their events, at most 1000. */
  events: (SeenEvent)[];
};

/** An aggregate. */
export type AggregateInfo = {
  /** What it is. */
  description: string;
  /** Name in OPC UA Part 13. */
  name: string;
  /** Whether texts and bytes have no such aggregate. */
  needs_numbers: boolean;
  /** Section of Part 13, version 1.05. */
  section: string;
};

/** Every aggregate. */
export type AggregateList = {
  /** The aggregates in the order of Part 13. */
  items: (AggregateInfo)[];
};

/** How several samples become one point. */
export type Aggregation = 'none' | 'mean' | 'min' | 'max' | 'last' | 'band';

/** What an operator is to be told of, and what is to be done then. */
export type Alarm = {
  /** What the operator is to do. */
  action?: string;
  /** What probably has happened. */
  cause?: string;
  /** What is watched for. */
  condition: ConditionInput;
  /** What happens if nobody does anything. */
  consequence?: string;
  /** How far the value must come back from the limit before the condition is false again, in */
  deadband?: number;
  /** Free text. */
  description?: string;
  /** Whether it is watched at all. */
  enabled?: boolean;
  /** Name of the group of which the first alarm is marked; none when empty. */
  group?: string;
  /** Whether an alarm that is over has to be reset by a person. */
  latching?: boolean;
  /** What the operator reads, with `{value}`, `{limit}`, `{tag}` and `{unit}`; the name when */
  message?: string;
  /** Name on screen, unique among the alarms of its tag. */
  name: string;
  /** Milliseconds for which the condition does not hold before the alarm is over. */
  off_delay_ms?: number;
  /** What a sample without a usable value means. */
  on_bad?: OnBad;
  /** Milliseconds for which the condition holds before the alarm is active. */
  on_delay_ms?: number;
  /** How urgent it is. */
  priority?: Priority;
  /** Seconds after which an alarm that is still active asks for attention again. */
  re_alarm_s?: number | null;
  /** Longest time on a shelf, in seconds. */
  shelve_max_s?: number;
  /** Expression that is true while the plant is in a state in which the alarm means nothing. */
  suppress_when?: string;
  /** The tag that is watched, whose folders are the area of the alarm. An alarm on an expression */
  tag?: ObjectId | null;
  /** The message in other languages, by their tags, e.g. `de` or `zh-CN`. */
  translations?: Record<string, string>;
};

/** Columns of a list of alarms. */
export type AlarmColumn = 'priority' | 'time' | 'name' | 'text' | 'area' | 'value' | 'state';

/** How often something was with an alarm. */
export type AlarmCount = {
  /** The alarm. */
  alarm: ObjectId;
  /** How often. */
  count: number;
};

/** How an alarm stands. */
export type AlarmItem = {
  /** What the operator is to do. */
  action: string;
  /** Whether its condition holds, hidden or not. */
  active: boolean;
  /** Who made the last transition; null when nobody did. */
  by: string | null;
  /** What probably has happened. */
  cause: string;
  /** What was said to the last transition. */
  comment: string | null;
  /** What happens if nobody does anything. */
  consequence: string;
  /** What it asks attention for; null when it asks for none. */
  event: Event | null;
  /** Why a part of it cannot work: a tag that is no more, an expression that cannot be read. */
  fault: string | null;
  /** Whether it is the first of its group. */
  first_out: boolean;
  /** Name of its group; empty for none. */
  group: string;
  /** The alarm. */
  id: ObjectId;
  /** The limit of the last transition. */
  limit: number | null;
  /** Its name. */
  name: string;
  /** Path of its tag, whose folders are its area. */
  path: TagPath | null;
  /** How urgent it is. */
  priority: Priority;
  /** How it is shelved. */
  shelf: Shelf | null;
  /** When the last transition was, microseconds since 1970-01-01 UTC; 0 when there was none. */
  since_us: number;
  /** Its state. */
  state: State;
  /** Its tag. */
  tag: ObjectId | null;
  /** What the operator reads. */
  text: string;
  /** Whether somebody has to acknowledge it. */
  unacknowledged: boolean;
  /** Unit of the tag. */
  unit: string;
  /** The value of the last transition. */
  value: Value | null;
};

/** A page of the journal, newest first. */
export type AlarmJournalPage = {
  /** The entries. */
  items: (Entry)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
};

/** Options of a list of alarms. */
export type AlarmListOptions = {
  /** Whether alarms can be acknowledged here, by those who may. */
  acknowledge?: boolean;
  /** Only alarms whose tag lies below this folder, e.g. `north/hall1`. */
  area?: TagPath | null;
  /** Its columns from left to right, each once. */
  columns: (AlarmColumn)[];
  /** Only alarms of these priorities; all when empty. */
  priorities?: (Priority)[];
  /** Which alarms. */
  state?: AlarmStand;
};

/** Options of a list of alarms. */
export type AlarmListOptionsInput = {
  /** Whether alarms can be acknowledged here, by those who may. */
  acknowledge?: boolean;
  /** Only alarms whose tag lies below this folder, e.g. `north/hall1`. */
  area?: TagPath | null;
  /** Its columns from left to right, each once. */
  columns?: (AlarmColumn)[];
  /** Only alarms of these priorities; all when empty. */
  priorities?: (Priority)[];
  /** Which alarms. */
  state?: AlarmStand;
};

/** What an alarm is called. */
export type AlarmName = {
  /** The alarm. */
  alarm: ObjectId;
  /** Its name. */
  name: string;
  /** Path of its tag. */
  path: TagPath | null;
};

/** Figures of alarm performance, and what the alarms in them are called. */
export type AlarmReport = {
  /** Acknowledged events. */
  acknowledged: number;
  /** Seconds within which half of them were acknowledged. */
  acknowledged_p50_s: number | null;
  /** Seconds within which 90 % of them were acknowledged. */
  acknowledged_p90_s: number | null;
  /** Seconds within which 95 % of them were acknowledged. */
  acknowledged_p95_s: number | null;
  /** Seconds within which 99 % of them were acknowledged. */
  acknowledged_p99_s: number | null;
  /** Alarms that have chattered. */
  chattering: number;
  /** Up to when they go. */
  end_us: number;
  /** Events by time, and floods. */
  load: LoadReport;
  /** The longest of them, the oldest first. */
  longest_stale: (StaleAlarm)[];
  /** Those that chattered most, with how often they began to. */
  most_chattering: (AlarmCount)[];
  /** The alarms that the figures name and that are still configured. */
  names: (AlarmName)[];
  /** Mean of events in 10 minutes for each operator. */
  per_period_and_operator: number | null;
  /** Events by priority. */
  priorities: (PriorityShare)[];
  /** Alarms that have been active for longer than a day. */
  stale: number;
  /** When the statistics begin, microseconds since 1970-01-01 UTC. */
  start_us: number;
  /** The alarms with most events, the most frequent first. */
  top: (AlarmCount)[];
  /** Share of all events that those have, in percent. */
  top_percent: number | null;
};

/** An alarm as it is configured, and where it belongs. */
export type AlarmRule = {
  /** What the operator is to do. */
  action?: string;
  /** What probably has happened. */
  cause?: string;
  /** What is watched for. */
  condition: Condition;
  /** What happens if nobody does anything. */
  consequence?: string;
  /** How far the value must come back from the limit before the condition is false again, in */
  deadband?: number;
  /** Free text. */
  description?: string;
  /** Whether it is watched at all. */
  enabled?: boolean;
  /** Name of the group of which the first alarm is marked; none when empty. */
  group?: string;
  /** Lasting identity. */
  id: ObjectId;
  /** Whether an alarm that is over has to be reset by a person. */
  latching?: boolean;
  /** What the operator reads, with `{value}`, `{limit}`, `{tag}` and `{unit}`; the name when */
  message?: string;
  /** Name on screen, unique among the alarms of its tag. */
  name: string;
  /** Milliseconds for which the condition does not hold before the alarm is over. */
  off_delay_ms?: number;
  /** What a sample without a usable value means. */
  on_bad?: OnBad;
  /** Milliseconds for which the condition holds before the alarm is active. */
  on_delay_ms?: number;
  /** Path of its tag. */
  path: TagPath | null;
  /** How urgent it is. */
  priority: Priority;
  /** Seconds after which an alarm that is still active asks for attention again. */
  re_alarm_s?: number | null;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Longest time on a shelf, in seconds. */
  shelve_max_s: number;
  /** Expression that is true while the plant is in a state in which the alarm means nothing. */
  suppress_when?: string;
  /** The tag that is watched, whose folders are the area of the alarm. An alarm on an expression */
  tag?: ObjectId | null;
  /** The message in other languages, by their tags, e.g. `de` or `zh-CN`. */
  translations?: Record<string, string>;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
};

/** Which alarms a list shows. */
export type AlarmStand = 'open' | 'active' | 'unacknowledged' | 'shelved' | 'hidden' | 'all';

/** What the frame of the web UI shows of alarms. */
export type AlarmSummary = {
  /** The newest unacknowledged alarm of the highest priority. */
  first: AlarmItem | null;
  /** Number of the newest entry of the journal. */
  number: number;
  /** By priority, 1 to 4. */
  priorities: (PriorityCount)[];
  /** Alarms that are shelved, suppressed or out of service. */
  put_aside: number;
};

/** What an alarm would have done. */
export type AlarmTrial = {
  /** Microseconds for which it would have been active, altogether. */
  active_us: number;
  /** How often it would have begun to chatter: three times or more within a minute. */
  chatters: number;
  /** How often it would have been over. */
  cleared: number;
  /** Time after what was judged, microseconds since 1970-01-01 UTC: earlier than asked for when */
  end_us: number;
  /** What of the rule cannot work, e.g. because a tag is gone; null when all does. */
  fault: string | null;
  /** Whether there were more samples than one test reads: the newest are left out. */
  is_cut: boolean;
  /** Microseconds of the longest time that it would have been active without a break. */
  longest_us: number;
  /** The time in parts of the same length, oldest first. */
  parts: (AlarmTrialPart)[];
  /** How often the alarm would have asked for attention. */
  raised: number;
  /** How often it would have asked again because it stood for too long. */
  re_alarmed: number;
  /** What the alarm would have done, oldest first; the first thousand steps. */
  rows: (AlarmTrialRow)[];
  /** Samples that were judged. */
  samples: number;
  /** How often it would have been active for more than a day without a break. */
  stale: number;
  /** Whether it would be active at the end. */
  stands: boolean;
  /** First time that was judged, microseconds since 1970-01-01 UTC. */
  start_us: number;
  /** How often it would have been raised while it meant nothing, so that nobody saw it. */
  suppressed: number;
  /** Tags whose samples were read. */
  tags: number;
};

/** What an alarm would have done in a part of the time. */
export type AlarmTrialPart = {
  /** Microseconds for which it would have been active. */
  active_us: number;
  /** How often it would have asked for attention. */
  raised: number;
};

/** A step that an alarm would have done. */
export type AlarmTrialRow = {
  /** Why. */
  cause: Cause;
  /** The limit that it was judged by, where there is one. */
  limit: number | null;
  /** The state afterwards. */
  state: State;
  /** What the operator would have read. */
  text: string;
  /** When, microseconds since 1970-01-01 UTC. */
  time_us: number;
  /** The value of the tag then; null when there was none that is usable. */
  value: Value | null;
};

/** How a template is applied again to a device. */
export type ApplyBody = {
  /** Whether tags are deleted that the template does not make. */
  delete_extra?: boolean;
  /** Whether it is only checked: nothing is changed. */
  dry_run?: boolean;
  /** Whether settings and period of the device stay as they are. */
  keep_settings?: boolean;
  /** New values of parameters; the others stay. */
  parameters?: unknown;
};

/** What was done to a device so that it is as its template makes it. */
export type ApplyDone = {
  /** The change, by which it can be taken back; null when nothing was changed. */
  change: number | null;
  /** What was different before. */
  drift: Drift;
  /** How many objects are changed. */
  edits: number;
};

/** A place of the plant, e.g. a site, an area, a line: one level of the hierarchy of ISA-95. */
export type Asset = {
  /** Free text. */
  description?: string;
  /** What it is. */
  level?: AssetLevel;
  /** Last segment of its path, unique below its parent. */
  name: TagName;
  /** The asset that it is part of; none for one at the top. */
  parent?: ObjectId | null;
};

/** An asset and where it stands. */
export type AssetItem = {
  /** Free text. */
  description?: string;
  /** Lasting identity. */
  id: ObjectId;
  /** What it is. */
  level: AssetLevel;
  /** Last segment of its path, unique below its parent. */
  name: TagName;
  /** The asset that it is part of; none for one at the top. */
  parent?: ObjectId | null;
  /** Its path: the names of the assets above it and its own. */
  path: string;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
};

/** What an asset is, as ISA-95 names the levels of its equipment hierarchy. */
export type AssetLevel = 'enterprise' | 'site' | 'area' | 'line' | 'cell' | 'unit' | 'other';

/** Values of tags at the same instants. */
export type AtTimeAnswer = {
  /** The tags. */
  tags: (TagAtTime)[];
};

/** Which values at instants to read. */
export type AtTimeAsk = {
  /** The samples before and after each instant too. */
  bounds?: boolean;
  /** How data are treated. */
  options?: Options;
  /** Tags by id, path or pattern. */
  tags: (string)[];
  /** The instants, rising. */
  times: (Moment)[];
  /** Zone of times without an offset; UTC when absent. */
  zone?: string | null;
};

/** Who did something. */
export type AuditActor = {
  /** The account. */
  id: string | null;
  /** `user`, `token`, `system`, or `nobody` who is not signed in. */
  kind: string;
  /** Its name at that time; of nobody the name that was claimed. */
  name: string;
};

/** One entry. */
export type AuditEntry = {
  /** What. */
  action: string;
  /** Who. */
  actor: AuditActor;
  /** From where. */
  address: string;
  /** How the target is since. */
  after: unknown;
  /** How the target was. */
  before: unknown;
  /** A sentence for people. */
  detail: string | null;
  /** Its hash, over the hash of the entry before and all that it says; hexadecimal. */
  hash: string;
  /** What became of it. */
  outcome: AuditOutcome;
  /** Code of the problem, when it was not done. */
  problem: string | null;
  /** The request it belongs to. */
  request_id: string;
  /** Its number, without gaps, from 1. */
  seq: number;
  /** To what. */
  target: AuditTarget;
  /** When, microseconds since 1970-01-01 UTC. */
  time_us: number;
};

/** What became of a request. */
export type AuditOutcome = 'done' | 'refused' | 'failed';

/** A page of the journal, newest first. */
export type AuditPage = {
  /** Entries that were lost since the start, because the disk refused them. */
  dropped: number;
  /** Why entries are being lost at present. */
  fault: string | null;
  /** The entries; may be none while there are more. */
  items: (AuditEntry)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
};

/** What is not as it was written. */
export type AuditProblem = {
  /** What is wrong with it. */
  detail: string;
  /** The first entry concerned. */
  seq: number;
};

/** Whether the journal is as it was written. */
export type AuditProof = {
  /** Whether every entry is as it was written. */
  is_proven: boolean;
  /** Its hash, hexadecimal. */
  last_hash: string;
  /** Number of the last entry. Who notes it with its hash elsewhere can prove later that nothing */
  last_seq: number;
  /** The first entry that is not as it was written; null when all are. */
  problem: AuditProblem | null;
  /** Entries that retention removed. */
  removed: number;
  /** Entries that were read. */
  rows: number;
};

/** What something was done to. */
export type AuditTarget = {
  /** Id or path. */
  id: string;
  /** Kind of object, empty for none. */
  kind: string;
};

/** The value axis of a chart or gauge. */
export type Axis = {
  /** Upper bound of a static axis. */
  max?: number | null;
  /** Lower bound of a static axis. */
  min?: number | null;
  /** Where the bounds come from. */
  mode: AxisMode;
};

/** The value axis of a chart or gauge. */
export type AxisInput = {
  /** Upper bound of a static axis. */
  max?: number | null;
  /** Lower bound of a static axis. */
  min?: number | null;
  /** Where the bounds come from. */
  mode?: AxisMode;
};

/** Where the bounds of an axis come from. */
export type AxisMode = 'auto' | 'static' | 'tag';

/** What is to be calculated over the past. */
export type BackCalculation = {
  /** Whether nothing is stored or deleted: the result of the job says what would be. */
  dry_run?: boolean;
  /** First instant after it; not in the future. */
  end_us: number;
  /** Whether calculated tags that the formula reads are calculated too, not read. */
  inputs_too?: boolean;
  /** Whether what is stored of the calculated tags in this time is deleted first; otherwise */
  replace?: boolean;
  /** First instant, microseconds since 1970-01-01 UTC. */
  start_us: number;
};

/** What became of a stream. */
export type BackfillReport = {
  /** Samples that were stored. */
  accepted: number;
  /** `durable` when the accepted samples survive a power cut, `buffered` when they will after */
  ack: string;
  /** The first 100 of them. */
  refusals: (Refusal)[];
  /** Samples that were not, and lines that could not be read. */
  refused: number;
};

/** Samples between the drivers and the files. */
export type Backlog = {
  /** Samples that could not be stored since the start. */
  dropped_samples: number;
  /** Why samples are not stored at present. */
  fault: string | null;
  /** Samples that the historian holds in memory and in its log. */
  in_memory_samples: number;
  /** Bytes of the log. */
  log_bytes: number;
  /** Samples that wait for the historian. */
  queued_samples: number;
};

/** The last check of a backup. */
export type BackupCheck = {
  /** When it ended, microseconds since 1970-01-01 UTC. */
  checked_us: number;
  /** Files that were missing or not what was written. */
  problems: number;
};

/** A backup. */
export type BackupItem = {
  /** Bytes of its files; backups share those that are the same. */
  bytes: number;
  /** Its last check; null when it was never checked. */
  check: BackupCheck | null;
  /** When it was made, microseconds since 1970-01-01 UTC. */
  created_us: number;
  /** Number of its files. */
  files: number;
  /** Its name, the time it was made. */
  id: string;
  /** The program that made it. */
  program: string;
};

/** Backups and how they are made. */
export type BackupList = {
  /** The data directory that is backed up. */
  data: string;
  /** The directory of the backups; null when none is set. */
  directory: string | null;
  /** Why the last try failed; null when it did not. */
  error: string | null;
  /** Seconds between two backups by the schedule; null when there is none. */
  every_s: number | null;
  /** When that was, microseconds since 1970-01-01 UTC. */
  failed_us: number | null;
  /** The backups, newest first. */
  items: (BackupItem)[];
  /** Which ones stay after a backup by the schedule; null when all stay. */
  keep: Kept | null;
  /** When the last one was made since the start, microseconds since 1970-01-01 UTC. */
  last_us: number | null;
  /** When the schedule makes the next one, microseconds since 1970-01-01 UTC. */
  next_us: number | null;
  /** Why the directory cannot be read; then there are no items. */
  unreadable: string | null;
};

/** What a bar of some time shows. */
export type BarFigure = 'average' | 'minimum' | 'maximum' | 'end' | 'delta';

/** Options of bars. */
export type BarOptions = {
  /** What a bar stands for. */
  by?: BarWindow;
  /** How many hours, shifts, days, weeks or months are shown, 1 to 62. */
  count?: number;
  /** What is computed of an hour, shift, day, week or month. */
  figure?: BarFigure;
  /** Hours of a shift: 4, 6, 8 or 12. */
  shift_hours?: number;
  /** When the first shift of a day begins, in the zone of the reader. */
  shift_start?: DayTime;
  /** Order of the tags. */
  sort?: BarSort;
  /** Whether several tags are put on one another instead of side by side. */
  stacked?: boolean;
};

/** Order of bars. */
export type BarSort = 'given' | 'ascending' | 'descending';

/** What a bar stands for. */
export type BarWindow = 'tag' | 'hour' | 'shift' | 'day' | 'week' | 'month';

/** What was deleted in the last 30 days, last first. */
export type Bin = {
  items: (BinItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: number | null;
};

/** A deleted object. */
export type BinItem = {
  /** Who deleted it. */
  author: string;
  /** The body it had; null where that is not kept, so that it cannot return. */
  body: unknown;
  /** The change that deleted it: its time, microseconds since 1970-01-01 UTC. */
  change: number;
  /** The object. */
  id: ObjectId;
  /** Its kind; null where that is not known any more. */
  kind: Kind | null;
};

/** One tag of a widget. */
export type Binding = {
  /** Pen `t1` to `t6` or a colour `#rrggbb`; the next free pen when absent. */
  color?: string | null;
  /** Whether a chart draws it on the axis at the right. */
  right?: boolean;
  /** The tag. */
  tag: ObjectId;
  /** Where an image shows it, from the left in percent of the width. */
  x?: number | null;
  /** Where an image shows it, from the top in percent of the height. */
  y?: number | null;
};

/** What a body is. */
export type BodyType = 'json' | 'text';

/** What a button does. */
export type ButtonAction = 'write' | 'toggle' | 'hold';

/** Options of a button. */
export type ButtonOptions = {
  /** What it does. */
  action?: ButtonAction;
  /** How a write is asked back; a button to hold asks by the half second it must be held. */
  confirm?: Confirm;
  /** What stands on it; what it does when empty. */
  label?: string;
  /** The value it writes when let go (`hold`, needed) or pressed again (`toggle`, false when */
  release?: boolean | number | string | null;
  /** The value it writes; needed by `write` and `hold`, true for `toggle` when absent. */
  value?: boolean | number | string | null;
};

/** Who did something, and what was said to it. */
export type By = {
  /** Name of the account. */
  actor: string;
  /** Comment or reason; may be empty. */
  comment: string;
};

/** The order in which the bytes of a value stand in the registers. */
export type ByteOrder = 'ABCD' | 'CDAB' | 'BADC' | 'DCBA';

/** A calculated tag and how its formula goes. */
export type CalculatedItem = {
  /** Where the device keeps it, as the protocol writes addresses, e.g. `40001` or `holding:0`; */
  address: string;
  /** The asset that it is placed in, where that is not the place of its device: its path is */
  asset?: ObjectId | null;
  /** What an evaluation costs; adding two numbers costs 1. */
  cost: number;
  /** Its last sample; null before there is one. */
  current: Current | null;
  /** How the bytes are to be read. */
  data_type: DataType;
  /** Digits behind the decimal point on screen; chosen by the value when absent. */
  decimals?: number | null;
  /** Free text. */
  description?: string;
  /** The device it belongs to. */
  device: ObjectId;
  /** Name of its device. */
  device_name: string;
  /** Whether it is polled. */
  enabled?: boolean;
  /** Why it is never evaluated. */
  error: Mistake | null;
  /** When it was evaluated last, microseconds since 1970-01-01 UTC; null before the first time */
  evaluated_us: number | null;
  /** Evaluations since the hub started, or since the formula changed. */
  evaluations: number;
  /** Why the last evaluation gave no value. */
  fault: Doubt | null;
  /** Whether the result may change while nothing that it reads does. */
  follows_clock: boolean;
  /** What it is calculated from, instead of being read from the device, e.g. */
  formula?: string | null;
  /** Whether its samples are stored. */
  history?: boolean;
  /** Lasting identity. */
  id: ObjectId;
  /** Number under which its values come over the WebSocket. */
  index: number;
  /** What it reads. */
  inputs: (Input)[];
  /** Raw integers by which the device says that it has no value, e.g. 32768. */
  invalid?: (number)[];
  /** Registers of a string. */
  length?: number | null;
  /** Greatest scaled value that is plausible; above it the quality is uncertain and writes fail. */
  max?: number | null;
  /** Least scaled value that is plausible; below it the quality is uncertain and writes fail. */
  min?: number | null;
  /** Last segment of its path, unique within the device. */
  name: TagName;
  /** Summand of `raw * scale + offset`. */
  offset?: number;
  /** Order of the bytes; the device's order when absent. */
  order?: ByteOrder | null;
  /** Unique name: the path of its asset or device, and its own name. */
  path: string;
  /** Time between polls in milliseconds; the device's period when absent. A formula without it */
  period_ms?: number | null;
  /** Milliseconds between two polls: its own, or those of its device; 0 for a formula that is */
  poll_ms: number;
  /** Whether earlier samples matter. */
  remembers: boolean;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Factor of `raw * scale + offset`. */
  scale?: number;
  /** Unit of the scaled value, e.g. `°C`. */
  unit?: string;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
  /** What of its samples is plausible, beyond its range. */
  validation?: TagValidation;
  /** Whether it may be written. */
  writable?: boolean;
};

/** Orders of the list of calculated tags. */
export type CalculatedSort = 'path' | '-path' | 'quality' | '-quality';

/** A day of the calendar, `YYYY-MM-DD`. */
export type CalendarDay = string;

/** Why there was a transition. */
export type Cause = 'raised' | 'cleared' | 'acknowledged' | 'reset' | 're_alarmed' | 'shelved' | 'unshelved' | 'shelf_expired' | 'one_shot_over' | 'suppressed' | 'unsuppressed' | 'taken_out' | 'put_back' | 'removed';

/** How many objects of a kind a change did one thing to. */
export type ChangeCount = {
  /** `created`, `updated` or `deleted`. */
  action: string;
  /** How many. */
  count: number;
  /** The kind; null where that is not known any more. */
  kind: Kind | null;
};

/** What a change did, object by object. */
export type ChangeDetail = {
  /** The change. */
  id: number;
  /** The first thousand objects. */
  items: (ChangeStep)[];
  /** How many there are. */
  total: number;
};

/** One change: what was applied together. */
export type ChangeItem = {
  /** Who. */
  author: string;
  /** How many objects of which kind it did what to. */
  counts: (ChangeCount)[];
  /** The change: its time, microseconds since 1970-01-01 UTC. */
  id: number;
};

/** What a change did to one object. */
export type ChangeStep = {
  /** `created`, `updated` or `deleted`. */
  action: string;
  /** The body it got. */
  after: unknown;
  /** The body it had before. */
  before: unknown;
  /** The object. */
  id: ObjectId;
  /** Its kind; null where that is not known any more. */
  kind: Kind | null;
  /** The revision it got. */
  revision: number;
};

/** An alarm that is not as the template makes it. */
export type ChangedAlarm = {
  /** The fields that differ. */
  fields: (FieldDrift)[];
  /** The alarm. */
  id: ObjectId;
  /** Its name. */
  name: string;
  /** Name of its tag. */
  tag: string;
};

/** A tag that is not as the template makes it. */
export type ChangedTag = {
  /** The fields that differ. */
  fields: (FieldDrift)[];
  /** The tag. */
  id: ObjectId;
  /** Its name. */
  name: string;
};

/** The newest changes of the configuration, newest first. */
export type Changes = {
  items: (ChangeItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: number | null;
};

/** A way on which people are told of alarms. */
export type Channel = {
  /** Free text. */
  description?: string;
  /** Whether anything is sent. */
  enabled?: boolean;
  /** Language of what is sent to nobody by name, e.g. `de`; English when it is not known. */
  language?: string;
  /** Name on screen, unique among channels. */
  name: string;
  /** Where to and how. */
  target: ChannelTargetInput;
};

/** A channel as it is configured. */
export type ChannelItem = {
  /** Free text. */
  description?: string;
  /** Whether anything is sent. */
  enabled: boolean;
  /** Lasting identity. */
  id: ObjectId;
  /** Language of what is sent to nobody by name, e.g. `de`; English when it is not known. */
  language: string;
  /** Name on screen, unique among channels. */
  name: string;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Where to and how. */
  target: ChannelTarget;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
};

/** A ready-made webhook of a service. */
export type ChannelPreset = {
  /** What is to be stored as which secret, and what is to be changed. */
  hint: string;
  /** Which one, for programs. */
  id: string;
  /** Name of the service. */
  name: string;
  /** The secret that it names. */
  secret: string;
  /** The webhook. */
  webhook: Webhook;
};

/** Where a channel leads, and how. */
export type ChannelTarget = {
  kind: 'email';
  /** Addresses that get every message too, such as a list of a team. */
  to?: (string)[];
} | {
  /** The body, with placeholders such as `{title}` and `{text}`. */
  body: string;
  /** What the body is; what placeholders stand for is written as JSON strings need it. */
  body_type: BodyType;
  /** Further headers. */
  headers?: Record<string, string>;
  kind: 'webhook';
  /** How it is sent. */
  method: WebhookMethod;
  /** Where to: `http://` or `https://`, without a user or password. */
  url: string;
};

/** Where a channel leads, and how. */
export type ChannelTargetInput = {
  kind: 'email';
  /** Addresses that get every message too, such as a list of a team. */
  to?: (string)[];
} | {
  /** The body, with placeholders such as `{title}` and `{text}`. */
  body: string;
  /** What the body is; what placeholders stand for is written as JSON strings need it. */
  body_type?: BodyType;
  /** Further headers. */
  headers?: Record<string, string>;
  kind: 'webhook';
  /** How it is sent. */
  method?: WebhookMethod;
  /** Where to: `http://` or `https://`, without a user or password. */
  url: string;
};

/** Lines of a chart. */
export type ChartAnswer = {
  /** The tags. */
  tags: (TagLine)[];
};

/** What to draw. */
export type ChartAsk = {
  /** Pixel columns, 1 to 10000; 800 when absent. */
  columns?: number | null;
  /** First instant after the range. */
  end: Moment;
  /** A pause longer than these microseconds breaks the line. */
  gap_us?: number | null;
  /** First instant. */
  start: Moment;
  /** Tags by id, path or pattern. */
  tags: (string)[];
  /** Zone of times without an offset; UTC when absent. */
  zone?: string | null;
};

/** Options of a chart over time. */
export type ChartOptions = {
  /** Whether alarms and events are marked. */
  events?: boolean;
  /** Whether limits are drawn as lines. */
  limits?: boolean;
  /** The axis at the right, for tags that ask for it. */
  right?: Axis;
  /** How points are joined. */
  style?: ChartStyle;
  /** Whether a reader can zoom. */
  zoom?: boolean;
};

/** Options of a chart over time. */
export type ChartOptionsInput = {
  /** Whether alarms and events are marked. */
  events?: boolean;
  /** Whether limits are drawn as lines. */
  limits?: boolean;
  /** The axis at the right, for tags that ask for it. */
  right?: AxisInput;
  /** How points are joined. */
  style?: ChartStyle;
  /** Whether a reader can zoom. */
  zoom?: boolean;
};

/** How points of a chart are joined. */
export type ChartStyle = 'line' | 'step' | 'area';

/** One thing that was looked at. */
export type Check = {
  /** What is found, for programs and for words of other languages. */
  code: HealthCode;
  /** What is found, as a sentence with its figures. */
  detail: string;
  /** The figures of what is found, by name. */
  figures: Record<string, number>;
  /** Whether it is as it should be. */
  ok: boolean;
};

/** What was found: either an error, or what it compiled to. */
export type CheckAnswer = {
  /** What it is when it works. */
  compiled: Compiled | null;
  /** Why it does not work. */
  error: Mistake | null;
};

/** An expression to be tried. */
export type CheckBody = {
  /** Whose tags bare names are; the device of `tag` when absent. */
  device?: ObjectId | null;
  /** What it is for. */
  kind: ExpressionKind;
  /** The tag whose formula it is, that an alarm watches, or that is `value` of a route. */
  tag?: ObjectId | null;
  /** The expression. */
  text: string;
};

/** What was looked at. */
export type Checks = {
  /** Whether what alarms do is stored. */
  alarms: Check;
  /** Whether the audit journal is kept. */
  audit: Check;
  /** Whether edits of the configuration are taken. */
  configuration: Check;
  /** Whether every enabled connection does its work. */
  connections: Check;
  /** Whether the database gets all samples; null without one. */
  database: Check | null;
  /** Whether samples are stored. */
  history: Check;
  /** Whether the disk has room. */
  storage: Check;
  /** Whether log lines and errors are kept. */
  telemetry: Check;
};

/** What becomes of a name that the plant has already. */
export type Clash = 'suffix' | 'report';

/** The clock of a device against the hub's, over its last samples. */
export type ClockSkew = {
  /** Batches that were compared, at most 64. */
  batches: number;
  /** The difference furthest from 0. */
  furthest_us: number;
  /** Median of the time of a sample less the time when it came, microseconds: above 0 the */
  median_us: number;
};

/** What files ask for, and what became of it. */
export type CodeAnswer = {
  /** Whether it was applied; false after a dry run. */
  applied: boolean;
  /** The change, by which it can be taken back; null when nothing was changed. */
  change: number | null;
  /** How many objects are made, by kind. */
  created: Record<string, number>;
  /** How many objects are deleted, by kind. */
  deleted: Record<string, number>;
  /** How many mistakes there are. */
  error_count: number;
  /** The first 1,000 mistakes; files with one are not applied. */
  errors: (CodeError)[];
  /** The state of the plant that the files were compared with. */
  state: string;
  /** The first 10,000 changes. */
  steps: (Step)[];
  /** How many objects are as the files say already. */
  unchanged: number;
  /** How many objects are changed, by kind. */
  updated: Record<string, number>;
};

/** What is wrong with a file. */
export type CodeError = {
  /** The file. */
  file: string;
  /** The key, or the column of a table; empty for the whole entry. */
  key: string;
  /** Its line, from 1. */
  line: number;
  /** What is wrong and what would be right. */
  reason: string;
};

/** An aggregate of a tag, one entry for each interval. */
export type Column = {
  /** Name of the aggregate. */
  aggregate: string;
  /** OPC UA status codes with information bits. */
  statuses: (number)[];
  /** Times, microseconds since 1970-01-01 UTC. */
  times_us: (number)[];
  /** Values; null where the status is bad. */
  values: (Value | null)[];
};

/** An expression that works. */
export type Compiled = {
  /** What an evaluation costs; adding two numbers costs 1. */
  cost: number;
  /** Most that one may cost. */
  cost_max: number;
  /** Whether the result may change while nothing that it reads does. */
  follows_clock: boolean;
  /** What kind of value it gives, as far as that is known. */
  gives: ValueKind;
  /** What it reads. */
  inputs: (Input)[];
  /** Whether earlier samples matter; `result` then knows none. */
  remembers: boolean;
  /** What it gives for the present values; null when it reads a `value` that is not there. */
  result: Preview | null;
};

/** What an alarm watches for. */
export type Condition = {
  kind: 'high_high';
  /** The limit. */
  limit: Limit;
} | {
  kind: 'high';
  /** The limit. */
  limit: Limit;
} | {
  kind: 'low';
  /** The limit. */
  limit: Limit;
} | {
  kind: 'low_low';
  /** The limit. */
  limit: Limit;
} | {
  kind: 'deviation';
  /** Greatest distance, in the unit of the tag. */
  max: Limit;
  /** Where the value should be. */
  setpoint: Limit;
} | {
  /** Which way counts. */
  direction: Direction;
  kind: 'rate_of_change';
  /** Greatest change per second, in the unit of the tag. */
  max_per_s: Limit;
  /** Seconds over which the change is measured; several periods of the tag. */
  over_s: number;
} | {
  kind: 'discrete';
  /** The states that raise the alarm, e.g. `[true]` or `[3, 4]`. */
  states: (boolean | number | string)[];
} | {
  kind: 'equals';
  /** The value that raises the alarm. */
  value: boolean | number | string;
} | {
  kind: 'not_equals';
  /** The only value that raises no alarm. */
  value: boolean | number | string;
} | {
  /** Upper end of what is fine. */
  high: Limit;
  kind: 'range';
  /** Lower end of what is fine. */
  low: Limit;
} | {
  kind: 'expression';
  /** The expression. */
  text: string;
} | {
  kind: 'bad_quality';
  /** Whether a doubtful value counts too. */
  uncertain: boolean;
} | {
  /** Seconds after the last usable sample. */
  after_s: number;
  kind: 'stale';
};

/** What an alarm watches for. */
export type ConditionInput = {
  kind: 'high_high';
  /** The limit. */
  limit: Limit;
} | {
  kind: 'high';
  /** The limit. */
  limit: Limit;
} | {
  kind: 'low';
  /** The limit. */
  limit: Limit;
} | {
  kind: 'low_low';
  /** The limit. */
  limit: Limit;
} | {
  kind: 'deviation';
  /** Greatest distance, in the unit of the tag. */
  max: Limit;
  /** Where the value should be. */
  setpoint: Limit;
} | {
  /** Which way counts. */
  direction?: Direction;
  kind: 'rate_of_change';
  /** Greatest change per second, in the unit of the tag. */
  max_per_s: Limit;
  /** Seconds over which the change is measured; several periods of the tag. */
  over_s: number;
} | {
  kind: 'discrete';
  /** The states that raise the alarm, e.g. `[true]` or `[3, 4]`. */
  states: (boolean | number | string)[];
} | {
  kind: 'equals';
  /** The value that raises the alarm. */
  value: boolean | number | string;
} | {
  kind: 'not_equals';
  /** The only value that raises no alarm. */
  value: boolean | number | string;
} | {
  /** Upper end of what is fine. */
  high: Limit;
  kind: 'range';
  /** Lower end of what is fine. */
  low: Limit;
} | {
  kind: 'expression';
  /** The expression. */
  text: string;
} | {
  kind: 'bad_quality';
  /** Whether a doubtful value counts too. */
  uncertain?: boolean;
} | {
  /** Seconds after the last usable sample. */
  after_s: number;
  kind: 'stale';
};

/** How a write is asked back; it always is, with the old and the new value. */
export type Confirm = 'ask' | 'tick';

/** A configured link through one driver: a TCP address, a serial port. */
export type Connection = {
  /** Free text. */
  description?: string;
  /** Whether the link is to be up. */
  enabled?: boolean;
  /** Name on screen, unique among connections. */
  name: string;
  /** The protocol that is spoken, e.g. `modbus`. */
  protocol: string;
  /** Settings of the protocol: address, transport, timeouts. */
  settings?: unknown;
};

/** Connections by state. */
export type ConnectionCounts = {
  /** Degraded. */
  degraded: number;
  /** Disabled. */
  disabled: number;
  /** In error. */
  error: number;
  /** Running. */
  running: number;
  /** Starting. */
  starting: number;
  /** Stopped. */
  stopped: number;
};

/** A connection and its state. */
export type ConnectionItem = {
  /** Free text. */
  description?: string;
  /** Whether the link is to be up. */
  enabled: boolean;
  /** Lasting identity. */
  id: ObjectId;
  /** Name on screen, unique among connections. */
  name: string;
  /** The protocol that is spoken, e.g. `modbus`. */
  protocol: string;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Settings of the protocol: address, transport, timeouts. */
  settings: unknown;
  /** What it does at present. */
  status: ConnectionStatus | null;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
};

/** Whether a connection does its work. */
export type ConnectionState = 'stopped' | 'starting' | 'running' | 'degraded' | 'error' | 'disabled';

/** The state of a connection at one instant. */
export type ConnectionStatus = {
  /** Requests answered well. */
  answered: number;
  /** Devices behind it, disabled ones included. */
  devices: number;
  /** The last error, kept until the next. */
  last_error: string | null;
  /** Time of the last error, microseconds since 1970-01-01 UTC. */
  last_error_us: number | null;
  /** Scans that came due while the one before was not done. */
  missed_scans: number;
  /** Requests sent, retries included. */
  requests: number;
  /** How often the link was opened again since the hub started. */
  restarts: number;
  /** Median over the devices of their median round trips, microseconds. */
  round_trip_p50_us: number | null;
  /** Greatest 95th percentile of the round trip of a device, microseconds. */
  round_trip_p95_us: number | null;
  /** Since when, microseconds since 1970-01-01 UTC. */
  since_us: number;
  /** Whether it does its work. */
  state: ConnectionState;
  /** `answered / requests`, 0 to 1; none before the first request. */
  success_rate: number | null;
  /** Tags of these devices, disabled ones included. */
  tags: number;
};

/** The last sample of a tag. */
export type Current = {
  /** Class of the quality. */
  class: QualityClass;
  /** OPC UA status code. */
  quality: number;
  /** Name of the status code. */
  quality_name: string;
  /** Time of the sample, microseconds since 1970-01-01 UTC. */
  time_us: number;
  /** The value in engineering units; with a bad quality, the value it had before, if any. */
  value: Value | null;
};

/** A page of widgets in groups. */
export type Dashboard = {
  /** Row blocks, from top to bottom. */
  groups: (WidgetGroup)[];
  /** Name on screen, unique among dashboards. */
  name: string;
  /** Place in the list of dashboards, lowest first. */
  order: number;
};

/** What becomes of a dashboard whose name the plant has. */
export type DashboardClash = 'suffix' | 'replace' | 'report';

/** Dashboards as another plant can read them. */
export type DashboardFile = {
  /** The dashboards; each `tag` of a binding is a path instead of an id. */
  dashboards: (Record<string, unknown>)[];
  /** What the file is: `headworks_dashboards`. */
  format: string;
  /** Version of the format. */
  version: number;
};

/** A page of widgets in groups. */
export type DashboardInput = {
  /** Row blocks, from top to bottom. */
  groups?: (WidgetGroupInput)[];
  /** Name on screen, unique among dashboards. */
  name: string;
  /** Place in the list of dashboards, lowest first. */
  order?: number;
};

/** A dashboard by name. */
export type DashboardRef = {
  /** Lasting identity. */
  id: ObjectId;
  /** Name. */
  name: string;
};

/** Bytes of one part of the data directory. */
export type DataPart = {
  /** Its bytes. */
  bytes: number;
  /** Its files. */
  files: number;
  /** `samples`, `log`, `forward`, `objects`, `exports` (imports too), `backups` or `other`. */
  name: string;
};

/** How the bytes of a tag are to be read. */
export type DataType = 'bool' | 'int8' | 'uint8' | 'int8_high' | 'uint8_high' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64' | 'float16' | 'float32' | 'float64' | 'bcd16' | 'bcd32' | 'string';

/** A time of day, `HH:MM`. */
export type DayTime = string;

/** What stands before the fraction of a number in CSV. */
export type Decimal = 'point' | 'comma';

/** Which block to decode. */
export type DecodeBody = {
  /** First address, as tags write it, e.g. `HR100` or `40101`. */
  address: string;
  /** Number of addresses. */
  count: number;
  /** Time between two reads, milliseconds. */
  every_ms?: number;
  /** The link. */
  line: LineBodyInput;
  /** Most registers, or coils and inputs, of one read. */
  max_registers?: number;
  /** Times it is read. */
  samples?: number;
  /** The unit. */
  unit_id?: number;
};

/** Which samples to delete. */
export type DeleteAsk = {
  /** First instant after the range. */
  end: Moment;
  /** First instant. */
  start: Moment;
  /** Tags by id, path or pattern. */
  tags: (string)[];
  /** Zone of times without an offset; UTC when absent. */
  zone?: string | null;
};

/** How much was deleted. */
export type Deleted = {
  /** Samples that are gone. */
  samples: number;
};

/** What stands between the cells of CSV. */
export type Delimiter = 'comma' | 'semicolon' | 'tab' | 'pipe';

/** A page of messages, the newest first. */
export type Deliveries = {
  /** The messages. */
  items: (Delivery)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
};

/** A message to one reader. */
export type Delivery = {
  /** How many alarms it is about. */
  alarms: number;
  /** What came back last, shortened and without secrets. */
  answer: string;
  /** How often it was tried. */
  attempts: number;
  /** When something last happened to it. */
  changed_us: number;
  /** The channel. */
  channel: ObjectId;
  /** Name of the channel, as it was. */
  channel_name: string;
  /** When it was decided, microseconds since 1970-01-01 UTC. */
  created_us: number;
  /** Its number: greater than that of every message before. */
  id: number;
  /** Whether it sums up a flood of alarms. */
  is_digest: boolean;
  /** Whether somebody tried the channel. */
  is_test: boolean;
  /** When it is tried next, while it waits. */
  next_us: number | null;
  /** The policy; null for a test. */
  policy: ObjectId | null;
  /** Name of the policy, as it was; empty for a test. */
  policy_name: string;
  /** Who it is for; empty when it goes to a web server. */
  recipient: string;
  /** Where it is. */
  state: DeliveryState;
  /** Step of the policy, from 0. */
  step: number;
  /** What has happened in one line. */
  title: string;
};

/** How many messages there are. */
export type DeliveryFigures = {
  /** Given up because too many waited, ever. */
  crowded_out: number;
  /** Given up, as far as they are kept. */
  given_up: number;
  /** Whether the settings name a mail server. */
  has_mail: boolean;
  /** Removed because they were old, ever. */
  removed: number;
  /** Sent, as far as they are kept. */
  sent: number;
  /** Waiting or on their way. */
  waiting: number;
};

/** Where a message is. */
export type DeliveryState = 'waiting' | 'sending' | 'sent' | 'given_up';

/** An addressable thing behind a connection, e.g. one Modbus unit. */
export type Device = {
  /** The asset that it is placed in. */
  asset?: ObjectId | null;
  /** The connection it is reached through. */
  connection: ObjectId;
  /** Free text. */
  description?: string;
  /** Whether it is polled. */
  enabled?: boolean;
  /** Name on screen, unique among devices. */
  name: string;
  /** Where its tags stand in the plant, below its asset if it has one: each tag's path is this */
  path: TagPath;
  /** Time between polls of a tag that sets none, in milliseconds. */
  period_ms?: number;
  /** Settings of the protocol: unit id, byte order, limits. */
  settings?: unknown;
  /** The template that it was made of. */
  template?: TemplateUse | null;
};

/** A device and its state. */
export type DeviceItem = {
  /** The asset that it is placed in. */
  asset?: ObjectId | null;
  /** The connection it is reached through. */
  connection: ObjectId;
  /** Name of its connection. */
  connection_name: string;
  /** Free text. */
  description?: string;
  /** Whether it is polled. */
  enabled: boolean;
  /** Where its tags stand: the path of its asset, if it has one, and its own. */
  full_path: string;
  /** Lasting identity. */
  id: ObjectId;
  /** Name on screen, unique among devices. */
  name: string;
  /** Where its tags stand in the plant, below its asset if it has one: each tag's path is this */
  path: TagPath;
  /** Time between polls of a tag that sets none, in milliseconds. */
  period_ms: number;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Settings of the protocol: unit id, byte order, limits. */
  settings: unknown;
  /** What is known of it at present. */
  status: DeviceSnapshot | null;
  /** How many tags it has. */
  tag_count: number;
  /** The template that it was made of. */
  template?: TemplateUse | null;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
};

/** What is known of a device at one instant. */
export type DeviceSnapshot = {
  /** Requests answered well. */
  answered: number;
  /** Bytes received. */
  bytes_in: number;
  /** Bytes sent. */
  bytes_out: number;
  /** Failures since the last success. */
  consecutive_errors: number;
  /** Refusals by exception code. */
  exceptions: Record<string, unknown>;
  /** Median of how late scans started, microseconds. */
  jitter_p50_us: number | null;
  /** 99th percentile of how late scans started, microseconds. */
  jitter_p99_us: number | null;
  /** The last error and its time. */
  last_error: string | null;
  /** Time of the last error, microseconds since 1970-01-01 UTC. */
  last_error_us: number | null;
  /** Time of the last answer, microseconds since 1970-01-01 UTC. */
  last_seen_us: number | null;
  /** Answers that came after their time-out and were dropped. */
  late: number;
  /** Answers that were not valid. */
  malformed: number;
  /** Scans that came due while the one before was not done. */
  missed_scans: number;
  /** Requests sent, retries included. */
  requests: number;
  /** Median round trip, microseconds. */
  round_trip_p50_us: number | null;
  /** 95th percentile of the round trip, microseconds. */
  round_trip_p95_us: number | null;
  /** Scans that were done. */
  scans: number;
  /** Whether it answers. */
  state: DeviceState;
  /** Requests without an answer in time. */
  timeouts: number;
};

/** Whether a device answers. */
export type DeviceState = 'unknown' | 'online' | 'offline' | 'error';

/** What the plant's own texts, such as names of tags and titles of widgets, are in one language. */
export type Dictionary = {
  /** The language, e.g. `de` or `zh-CN`, which is the name of the dictionary: upper and lower */
  language: string;
  /** The texts: as they were written, and in this language. */
  words?: Record<string, string>;
};

/** A dictionary without its texts. */
export type DictionaryItem = {
  /** Lasting identity. */
  id: ObjectId;
  /** The language, e.g. `de`. */
  language: string;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
  /** How many texts it has. */
  word_count: number;
};

/** Which changes of a value count. */
export type Direction = 'either' | 'rising' | 'falling';

/** How many dead letters were discarded. */
export type Discarded = {
  /** How many. */
  discarded: number;
};

/** How full the disk is. */
export type DiskLevel = 'ok' | 'warning' | 'alarm' | 'critical';

/** Room on the file system of the data directory. */
export type DiskSpace = {
  /** Bytes that may still be written. */
  free_bytes: number;
  /** Size of the file system. */
  total_bytes: number;
};

/** What an edit does, in words of the answer. */
export type Doing = 'create' | 'update' | 'delete';

/** Why an evaluation has no value. */
export type Doubt = {
  /** The character at which the part begins, from 1. */
  column: number;
  /** What went wrong. */
  fault: Fault;
  /** The same in words. */
  message: string;
};

/** What of a device is not as its template would make it now. */
export type Drift = {
  /** The version that was applied last. */
  applied_version: string;
  /** Tags that differ. */
  changed: (ChangedTag)[];
  /** Alarms that differ. */
  changed_alarms: (ChangedAlarm)[];
  /** Tags of the device that the template does not make. */
  extra: (ExtraTag)[];
  /** Tags that the template makes and the device does not have. */
  missing: (MissingTag)[];
  /** Alarms that the template makes and the device does not have. Those that it does not make are */
  missing_alarms: (MissingAlarm)[];
  /** Its name. */
  name: string;
  /** Settings and period of the device that differ. */
  settings: (FieldDrift)[];
  /** The template. */
  template: ObjectId;
  /** How many tags are as the template makes them. */
  unchanged: number;
  /** The version that it has now. */
  version: string;
};

/** What becomes of a sample whose tag has one with the same time already. */
export type Duplicates = 'overwrite' | 'keep_existing' | 'refuse';

/** Until when somebody is on duty. */
export type DutyEnd = {
  /** Name of the person. */
  name: string;
  /** When the duty ends, microseconds since 1970-01-01 UTC; null when it does not within two */
  until_us: number | null;
};

/** What became of one edit. */
export type EditDone = {
  /** What happened to it: `created`, `updated` or `deleted`. */
  action: string;
  /** How many objects were deleted with it. */
  cascaded: number;
  /** The object. */
  id: ObjectId;
  /** Number under which its values come over the WebSocket, if it is a tag. */
  index: number | null;
  /** Its kind. */
  kind: Kind;
  /** Its revision now; of a deleted object the last it had. */
  revision: number;
  /** How many formulas and expressions of alarms follow it: they call what they read by its new */
  rewritten: number;
};

/** One edit. */
export type EditRow = {
  /** What it is to be, as the schema of its kind says. */
  body: Record<string, unknown>;
  /** Its id, so that other edits of the list can name it; one is chosen when absent. */
  id?: ObjectId | null;
  /** Of which kind. */
  kind: Kind;
  op: 'create';
} | {
  /** What it is to be. */
  body: Record<string, unknown>;
  /** Which object. */
  id: ObjectId;
  /** Of which kind it is. */
  kind: Kind;
  op: 'update';
  /** The revision that it must have; any when absent. */
  revision?: number | null;
} | {
  /** Which object. */
  id: ObjectId;
  op: 'patch';
  /** The fields: a merge patch (RFC 7396), in which null takes a field away. */
  patch: Record<string, unknown>;
  /** The revision that it must have; any when absent. */
  revision?: number | null;
} | {
  /** Whether what rests on it is deleted too. */
  cascade?: boolean;
  /** Which object. */
  id: ObjectId;
  op: 'delete';
  /** The revision that it must have; any when absent. */
  revision?: number | null;
};

/** A list of edits. */
export type EditsBody = {
  /** Whether the edits are only checked: nothing is changed. */
  dry_run?: boolean;
  /** The edits, in any order; each object at most once. */
  edits: (EditRow)[];
};

/** What became of a list of edits. */
export type EditsDone = {
  /** The change, by which it can be taken back; null when nothing was changed. */
  change: number | null;
  /** One outcome per edit, in their order; empty when they were only checked. */
  items: (EditDone)[];
  /** When they were only checked: the formulas and expressions of alarms that would call what */
  rewritten: (RewrittenExpression)[];
};

/** How long the samples of a tag are kept, and who says so. */
export type EffectiveRetention = {
  /** How long each tier is kept. */
  days: RetentionDays;
  /** The policy that holds; null when none selects the tag and the default holds. */
  policy: PolicyRef | null;
  /** Path of the tag. */
  tag: string;
};

/** How the characters of CSV and JSON lines are encoded. */
export type Encoding = 'utf8' | 'utf16_le' | 'utf16_be' | 'latin1';

/** One line of the journal. It says all that a reader needs after the alarm is gone or renamed. */
export type Entry = {
  /** The alarm. */
  alarm: ObjectId;
  /** Whether the alarm is the first of its group. */
  first_out?: boolean;
  /** The limit that it was judged by. */
  limit?: number | null;
  /** Name of the alarm. */
  name: string;
  /** Its number: greater than that of every entry before. */
  number: number;
  /** Path of its tag, whose folders are the area of the alarm. */
  path?: TagPath | null;
  /** How urgent it was. */
  priority: Priority;
  /** What the operator read. */
  text?: string;
  /** What happened. */
  transition: Transition;
  /** The value that was judged. */
  value?: Value | null;
};

/** A kind of error and what is known of its newest cases. */
export type ErrorDetail = {
  /** The kind. */
  group: ErrorGroup;
  /** The newest cases, at most 20, newest first. */
  occurrences: (ErrorOccurrence)[];
};

/** Errors of one kind: the same part of the program and the same words, numbers and quoted names */
export type ErrorGroup = {
  /** How often. */
  count: number;
  /** When it was first seen, microseconds since 1970-01-01 UTC. */
  first_us: number;
  /** Number of the group. */
  id: number;
  /** When it was last seen, microseconds since 1970-01-01 UTC. */
  last_us: number;
  /** `warn` or `error`. */
  level: string;
  /** The newest message. */
  message: string;
  /** Part of the program; the source file of a panic. */
  module: string;
  /** The message with `#` for numbers and `"…"` for quoted names. */
  template: string;
};

/** One error with what surrounded it. */
export type ErrorOccurrence = {
  /** The line: message, fields, spans, thread, causes, back-trace of a panic. */
  context: Line;
  /** Number of the occurrence. */
  id: number;
  /** When, microseconds since 1970-01-01 UTC. */
  time_us: number;
};

/** One time that an alarm asked for attention. */
export type Event = {
  /** Its number. */
  id: EventId;
  /** When it began, microseconds since 1970-01-01 UTC. */
  raised_us: number;
};

/** The number of an event: one time that an alarm asked for attention. Given once in a plant. */
export type EventId = number;

/** What an event is about. */
export type EventKind = 'disk' | 'history' | 'upkeep' | 'validation' | 'clock' | 'backup' | 'certificate' | 'configuration' | 'alarms';

/** What is expected of a tag. */
export type Expected = {
  /** Whether the source sends only changes: then a pause is no gap. */
  by_exception: boolean;
  /** Longest time between two samples that is no gap, microseconds; null when any pause is */
  gap_after_us: number | null;
  /** Time between two samples, microseconds; null when no period is known. */
  period_us: number | null;
};

/** An export and its file. */
export type Export = {
  /** Whether `resume` goes on where it was interrupted. */
  can_resume: boolean;
  /** When it was asked for, microseconds since 1970-01-01 UTC. */
  created_us: number;
  /** Why it failed. */
  error: string | null;
  /** Bytes of the finished file. */
  file_bytes: number | null;
  /** Name of the finished file. */
  file_name: string | null;
  /** Names the export, its job and its file. */
  id: ObjectId;
  /** What the reader should know. */
  notes: (string)[];
  /** What was asked for; the range is fixed. */
  options: ExportOptions;
  /** Part that is done, 0 to 1. */
  progress: number;
  /** Rows of the finished file. */
  rows: number | null;
  /** Where it is; `failed` for one that the end of the hub interrupted. */
  state: JobState;
};

/** Exports, newest first. */
export type ExportList = {
  /** The exports. */
  items: (Export)[];
};

/** What to export and how. */
export type ExportOptions = {
  /** What stands before the fraction of a number in CSV. */
  decimal: Decimal;
  /** What stands between the cells of CSV. */
  delimiter: Delimiter;
  /** First instant after the range, microseconds since 1970-01-01 UTC; now when absent. */
  end_us: number | null;
  /** Format of the file. */
  format: Format2;
  /** Whether texts in CSV that a spreadsheet would take for a formula get an apostrophe. */
  guard_formulas: boolean;
  /** Whether CSV begins with the names of the columns. */
  header: boolean;
  /** What a row is. */
  layout: Layout;
  /** Compression of CSV and JSON lines; Excel and Parquet have their own. */
  packing: Packing;
  /** Tags by path: `*` within a segment, `**` for any depth. */
  pattern: string;
  /** How qualities are written. */
  quality: QualityStyle;
  /** First instant, microseconds since 1970-01-01 UTC; the first sample when absent. */
  start_us: number | null;
  /** How times are written in CSV and JSON lines. */
  time: TimeStyle;
  /** Time zone of written times, e.g. `Europe/Berlin`. */
  zone: string;
};

/** What to export and how. */
export type ExportOptionsInput = {
  /** What stands before the fraction of a number in CSV. */
  decimal?: Decimal;
  /** What stands between the cells of CSV. */
  delimiter?: Delimiter;
  /** First instant after the range, microseconds since 1970-01-01 UTC; now when absent. */
  end_us?: number | null;
  /** Format of the file. */
  format?: Format2;
  /** Whether texts in CSV that a spreadsheet would take for a formula get an apostrophe. */
  guard_formulas?: boolean;
  /** Whether CSV begins with the names of the columns. */
  header?: boolean;
  /** What a row is. */
  layout?: Layout;
  /** Compression of CSV and JSON lines; Excel and Parquet have their own. */
  packing?: Packing;
  /** Tags by path: `*` within a segment, `**` for any depth. */
  pattern?: string;
  /** How qualities are written. */
  quality?: QualityStyle;
  /** First instant, microseconds since 1970-01-01 UTC; the first sample when absent. */
  start_us?: number | null;
  /** How times are written in CSV and JSON lines. */
  time?: TimeStyle;
  /** Time zone of written times, e.g. `Europe/Berlin`. */
  zone?: string;
};

/** What an expression is for. */
export type ExpressionKind = 'formula' | 'alarm_condition' | 'route_condition' | 'transform';

/** A tag that the template does not make. */
export type ExtraTag = {
  /** The tag. */
  id: ObjectId;
  /** Its name. */
  name: string;
};

/** Why an evaluation has no value. */
export type Fault = 'input' | 'division_by_zero' | 'overflow' | 'not_a_number' | 'type' | 'argument' | 'text_too_long' | 'no_data' | 'held_back';

/** A field that changes. */
export type FieldChange = {
  /** The field, e.g. `settings.port`. */
  field: string;
  /** What it is, cut where it is long; null when it is not there. */
  from: unknown;
  /** What it becomes, cut where it is long; null when it goes. */
  to: unknown;
};

/** A field that is not as the template says. */
export type FieldDrift = {
  /** JSON pointer of the field, e.g. `/settings/unit_id` or `/scale`. */
  field: string;
  /** What it is; null where it has its default. */
  is: unknown;
  /** What the template makes it; null for its default. */
  wanted: unknown;
};

/** One field that cannot work. */
export type FieldProblem = {
  /** What is wrong and what would be right. */
  detail: string;
  /** JSON pointer into the request body, or the name of a query parameter after `?`. */
  pointer: string;
};

/** Something that a person should know. */
export type Finding = {
  /** What was found. */
  message: string;
  /** The option that changes it or answers it, if one does. */
  option: string | null;
  /** `info`, `warning`, or `question`, which must be answered before the file is imported. */
  severity: string;
};

/** What was found in a span of time. */
export type Finding2 = {
  /** Bad samples: beginnings of bad states. */
  bad: number;
  /** Time in bad states, microseconds. */
  bad_us: number;
  /** Share of the expected samples that is there, 0 to 1; null when none are expected. */
  completeness: number | null;
  /** End. */
  end_us: number;
  /** Samples that were expected; null when no period is known. */
  expected: number | null;
  /** Samples of a value that does not change. */
  frozen: number;
  /** Time in gaps, microseconds. */
  gap_us: number;
  /** Gaps that begin in the span or reach into it. */
  gaps: number;
  /** Samples outside the range of the tag. */
  out_of_range: number;
  /** Time out of service, microseconds. */
  out_of_service_us: number;
  /** Samples that the source has sent. */
  samples: number;
  /** Samples too far from the one before. */
  spikes: number;
  /** Start, microseconds since 1970-01-01 UTC. */
  start_us: number;
  /** Source samples with an uncertain quality, those above included. */
  uncertain: number;
};

/** A time with more alarms than operators can follow. */
export type Flood = {
  /** When it was over; not yet when absent. */
  end_us: number | null;
  /** Events in it, those in the 10 minutes that made it a flood included. */
  events: number;
  /** Most events in 10 minutes. */
  peak: number;
  /** When it began, microseconds since 1970-01-01 UTC. */
  start_us: number;
};

/** When the disk will be full. */
export type Forecast = {
  /** Hours that the rates rest on. */
  basis_hours: number;
  /** Growth of the data directory in bytes per day. */
  data_bytes_per_day: number | null;
  /** Growth of everything on the disk in bytes per day. */
  disk_bytes_per_day: number | null;
  /** When the disk is full if nothing changes, microseconds since 1970-01-01 UTC; null when it */
  full_us: number | null;
  /** How it was found, in one sentence. */
  method: string;
  /** What the samples will take once every tier has reached its age. */
  steady_bytes: number | null;
  /** What is to be expected. */
  verdict: Verdict;
};

/** How numbers are shown. */
export type Format = {
  /** Digits behind the decimal point; the tag's when absent. */
  decimals?: number | null;
  /** Whether the unit follows the number. */
  show_unit: boolean;
  /** Size of the number. */
  size: TextSize;
};

/** Formats of files. */
export type Format2 = 'csv' | 'xlsx' | 'parquet' | 'jsonl';

/** How numbers are shown. */
export type FormatInput = {
  /** Digits behind the decimal point; the tag's when absent. */
  decimals?: number | null;
  /** Whether the unit follows the number. */
  show_unit?: boolean;
  /** Size of the number. */
  size?: TextSize;
};

/** Options of a frame. */
export type FrameOptions = {
  /** Seconds after which it is loaded anew, 5 to 86400; never when 0. */
  refresh_s?: number;
  /** The page shown: `http` or `https`, and allowed by the settings of the hub. */
  url?: string;
};

/** The pages that dashboards may show in frames. */
export type FrameSources = {
  /** Scheme, host and port of each, as the setting `server.frame_sources` has them; when empty, */
  items: (string)[];
};

/** What becomes of samples when the disk is full. */
export type FullDisk = 'stop' | 'drop_oldest';

/** A chapter of the library. */
export type FunctionGroup = 'math' | 'bits' | 'text' | 'quality' | 'calendar' | 'window';

/** A function of expressions. */
export type FunctionItem = {
  /** What one evaluation costs; adding two numbers costs 1. */
  cost: number;
  /** What it does, in a sentence or two. */
  doc: string;
  /** A use of it. */
  example: string;
  /** Whether the result may change while the arguments stay as they are. */
  follows_clock: boolean;
  /** What comes out. */
  gives: ValueKind;
  /** Its chapter. */
  group: FunctionGroup;
  /** Its name; a name may have one entry with and one without a duration. */
  name: string;
  /** What it takes. */
  parameters: (Parameter)[];
  /** What the example gives when it is evaluated for the first time. */
  result: string;
  /** How it is written, e.g. `clamp(x, low, high)`. */
  signature: string;
};

/** The functions that expressions may call. */
export type FunctionList = {
  /** The functions, chapter by chapter. */
  items: (FunctionItem)[];
};

/** A span without samples. */
export type Gap = {
  /** First sample after it, or the end of the range. */
  end_us: number;
  /** Its length in microseconds. */
  length_us: number;
  /** Name of the quality that the hub wrote into it; null when nothing was written, as while */
  reason: string | null;
  /** Last sample before it, or the start of the range, microseconds since 1970-01-01 UTC. */
  start_us: number;
};

/** Options of a gauge. */
export type GaugeOptions = {
  /** How it looks. */
  style?: GaugeStyle;
  /** Where its mark stands, in the unit of the tag; a second tag goes before it. */
  target?: number | null;
};

/** How a gauge looks. */
export type GaugeStyle = 'bar' | 'half_circle';

/** Devices and tags that belong together, beside the hierarchy of assets; each may be in many. */
export type Group = {
  /** Free text. */
  description?: string;
  /** Its devices, each once. */
  devices?: (ObjectId)[];
  /** Name on screen, unique among groups. */
  name: string;
  /** Its tags, each once, beside those of its devices. */
  tags?: (ObjectId)[];
};

/** What goes into one message. */
export type GroupBy = 'policy' | 'area' | 'alarm_group' | 'alarm';

/** A group and how many members it has. */
export type GroupItem = {
  /** Free text. */
  description?: string;
  /** Its devices, each once. */
  devices?: (ObjectId)[];
  /** Lasting identity. */
  id: ObjectId;
  /** Name on screen, unique among groups. */
  name: string;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** How many tags it has, with those of its devices. */
  tag_count: number;
  /** Its tags, each once, beside those of its devices. */
  tags?: (ObjectId)[];
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
};

/** Whether the hub does its work. */
export type Health = {
  /** The parts of the answer. */
  checks: Checks;
  /** `ok`, or `degraded` when a check fails. */
  status: string;
  /** Seconds since the hub started. */
  uptime_s: number;
  /** Version of the program. */
  version: string;
};

/** What a check finds. */
export type HealthCode = 'connection_states' | 'samples_stored' | 'samples_not_stored' | 'disk_has_room' | 'disk_fills' | 'disk_nearly_full' | 'disk_full' | 'database_answers' | 'database_away' | 'database_lost' | 'alarms_stored' | 'alarms_wait' | 'alarms_being_lost' | 'alarms_were_lost' | 'edits_kept_here' | 'edits_kept_in_database' | 'edits_refused' | 'hub_stops' | 'audit_stored' | 'audit_being_lost' | 'audit_were_lost' | 'audit_old_stay' | 'logs_kept' | 'logs_refused' | 'logs_dropped';

/** The past states of an object, newest first. */
export type History = {
  items: (Revision)[];
};

/** Why samples are not stored at present. */
export type HistoryFault = {
  /** The historian's reason. */
  reason: string;
  /** Since when, microseconds since 1970-01-01 UTC. */
  since_us: number;
};

/** Why a sample was held back. */
export type Hold = 'quality' | 'schedule' | 'condition' | 'condition_fault' | 'window' | 'window_kind' | 'transform' | 'unchanged' | 'interval' | 'rate' | 'loop' | 'no_value';

/** Hours of the week, on the clock of a place. */
export type Hours = {
  /** The days on which they begin; every day when empty. */
  days?: (Weekday)[];
  /** When they begin. */
  from: DayTime;
  /** When they end; on the next day when that is not after `from`. */
  to: DayTime;
};

/** Figures of the hub at one instant. */
export type HubStats = {
  /** How far the hub's clock is ahead of the system's after that was set back, microseconds. */
  clock_ahead_us: number;
  /** Connections by state. */
  connections: ConnectionCounts;
  /** Devices. */
  devices: number;
  /** Figures of the historian. */
  historian: unknown;
  /** Samples that the historian refused since the start, each counted once. */
  history_dropped: number;
  /** Why the historian refuses samples at present. */
  history_fault: HistoryFault | null;
  /** Samples that wait for the historian. */
  history_queue: number;
  /** Samples given to the historian and accepted, since the start. */
  history_stored: number;
  /** Scans of the present connections that came due while the one before was not done. */
  missed_scans: number;
  /** Where the configuration objects are, and whether edits are taken. */
  objects: unknown;
  /** What the process uses; none where the system does not tell. */
  process: ProcessUsage | null;
  /** Samples taken from drivers since the start. */
  samples: number;
  /** Samples taken from drivers per second, over the last seconds. */
  samples_per_sec: number;
  /** Samples that were neither shown nor stored because their time is beyond belief. */
  set_aside: number;
  /** Time of the start, microseconds since 1970-01-01 UTC. */
  start_us: number;
  /** Tags. */
  tags: number;
  /** What was counted since the start, over all connections that ever were. */
  totals: HubTotals;
  /** What the housekeeper did with what is stored. */
  upkeep: UpkeepStatus;
  /** Seconds since the hub started. */
  uptime_secs: number;
};

/** What was counted since the hub started. */
export type HubTotals = {
  /** Requests answered well. */
  answered: number;
  /** Scans that came due while the one before was not done. */
  missed_scans: number;
  /** Requests sent, retries included. */
  requests: number;
  /** How often links were opened again. */
  restarts: number;
  /** Scans that began. */
  scans: number;
  /** Writes to tags that the device took. */
  writes_done: number;
  /** Writes to tags of which nobody knows, or that could not be sent. */
  writes_failed: number;
  /** Writes to tags that were refused: by the rights of the caller, by the rules of the tag, or */
  writes_refused: number;
};

/** How an image fills its tile. */
export type ImageFit = 'contain' | 'cover' | 'none';

/** Options of an image. */
export type ImageOptions = {
  /** What the image is to those who do not see it; decoration when empty. */
  alt?: string;
  /** Name of the file among those of dashboards; no image yet when empty. */
  file?: string;
  /** How it fills its tile. */
  fit?: ImageFit;
};

/** What a file was taken for and what became of it. */
export type ImportReport = {
  /** Samples of these that are bad. */
  bad_samples: number;
  /** Names of the columns. */
  columns: (string)[];
  /** What stands before the fraction of a number. */
  decimal: Decimal;
  /** What stands between the cells of CSV. */
  delimiter: string | null;
  /** Whether nothing was stored because nothing was to be stored. */
  dry_run: boolean;
  /** Encoding of its characters, in CSV and JSON lines. */
  encoding: Encoding | null;
  /** Samples whose tag had one with the same time; not counted when they overwrite. */
  existing: number;
  /** What a person should know. */
  findings: (Finding)[];
  /** Time of the earliest sample. */
  first_us: number | null;
  /** Format of the file. */
  format: Format2;
  /** Time of the latest sample. */
  last_us: number | null;
  /** What a row is. */
  layout: Layout;
  /** Its compression. */
  packing: Packing;
  /** Number of the column of the tag, in the long layout. */
  path_column: number | null;
  /** The first samples as they would be stored. */
  preview: (PreviewRow)[];
  /** Number of the column of the quality, in the long layout. */
  quality_column: number | null;
  /** Rows, or cells of rows, that cannot be taken. */
  row_errors: number;
  /** How many of them the file of errors lists. */
  row_errors_listed: number;
  /** Rows of data that were read. */
  rows: number;
  /** Samples in them that can be taken. */
  samples: number;
  /** Samples that were stored. */
  stored: number;
  /** Tags that the samples belong to. */
  tags: number;
  /** Which column is the time, by number from 1; then those of tag, value and quality. */
  time_column: number;
  /** How times are written. */
  time_format: TimeFormat;
  /** Samples of tags that do not exist. */
  unknown_samples: number;
  /** Tags that do not exist, the first 1000. */
  unknown_tags: (UnknownTag)[];
  /** Number of the column of the value, in the long layout. */
  value_column: number | null;
  /** The zone of times that name none. */
  zone: string;
};

/** What an expression reads. */
export type Input = {
  /** Last sample of the tag; null before there is one. */
  current: Current | null;
  /** Whether it is calculated itself. */
  is_calculated: boolean;
  /** Path of the tag. */
  path: string | null;
  /** As it is written in an expression. */
  reference: string;
  /** The tag; null for a `value` that is not there. */
  tag: ObjectId | null;
  /** Unit of the tag, empty for none. */
  unit: string;
};

/** A job as others see it. */
export type Job = {
  /** When it was asked for, microseconds since 1970-01-01 UTC. */
  created_us: number;
  /** More figures of the kind, as they are now; an object or null. */
  detail: unknown;
  /** How much is done, in a unit of the kind. */
  done: number;
  /** When it ended. */
  ended_us: number | null;
  /** Why it failed. */
  error: string | null;
  /** Names the job. */
  id: ObjectId;
  /** What it does, e.g. `export`. */
  kind: string;
  /** Whether it was told to rest; only jobs that ask devices do. */
  paused: boolean;
  /** Part that is done, 0 to 1. */
  progress: number;
  /** What came of it; null before it is done, of a discovery what was found until now. */
  result: unknown;
  /** When it began to work. */
  started_us: number | null;
  /** Where it is. */
  state: JobState;
  /** What it does it with, for people. */
  title: string;
  /** How much there is to do, 0 as long as nobody knows. */
  total: number;
};

/** Jobs, newest first. */
export type JobList = {
  /** The jobs. */
  items: (Job)[];
};

/** Where a job is. */
export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** Which backups stay; one that any of these keeps stays. */
export type Kept = {
  /** Of how many days the newest. */
  daily: number;
  /** How many of the newest. */
  last: number;
  /** Of how many weeks the newest. */
  weekly: number;
};

/** The kinds of objects in the configuration store. */
export type Kind = 'asset' | 'connection' | 'template' | 'device' | 'tag' | 'group' | 'alarm' | 'route' | 'channel' | 'roster' | 'policy' | 'dashboard' | 'picture' | 'retention' | 'dictionary';

/** The token of a wall screen. */
export type KioskBody = {
  /** The token. */
  token: string;
};

/** How long deliveries took, from the sample in the hub to the answer of the target. */
export type Latency = {
  /** The longest. */
  max_us: number;
  /** Half of them took at most this many microseconds. */
  p50_us: number;
  /** 95 of 100 took at most this many. */
  p95_us: number;
};

/** What a row is. */
export type Layout = 'long' | 'wide';

/** A letter, as people see it. */
export type LetterView = {
  /** Its number; a letter that comes back gets a new one. */
  number: number;
  /** What was to be delivered; null when it cannot be read any more. */
  parcel: Parcel | null;
  /** Why it did not arrive. */
  reason: string;
  /** The route. */
  route: ObjectId;
  /** Its name; null when the route does not exist any more. */
  route_name: string | null;
  /** The target: its kind and where it is. */
  target: string;
  /** When the last try failed, microseconds since 1970-01-01 UTC. */
  time_us: number;
  /** How often it was tried; 0 when its turn never came. */
  tries: number;
};

/** Dead letters, the newest first. */
export type Letters = {
  /** Letters that went because there were too many, or because they came too fast. */
  dropped: number;
  /** The letters. */
  items: (LetterView)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Letters of all routes. */
  total: number;
};

/** Which dead letters are meant; exactly one of the three. */
export type LettersBody = {
  /** All there are. */
  all?: boolean;
  /** Those of these numbers. */
  numbers?: (number)[] | null;
  /** All of this route. */
  route?: ObjectId | null;
};

/** How much a line matters. */
export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** The shipped templates. */
export type Library = {
  /** In order of name. */
  items: (LibraryItem)[];
};

/** A shipped template and how it stands in the plant. */
export type LibraryItem = {
  /** Name of its base, which is loaded with it. */
  base: string | null;
  /** What it holds, and how to use it. */
  description: string;
  /** Type of the device. */
  model: string;
  /** Its name. */
  name: string;
  /** The protocol of connections that its devices can be behind. */
  protocol: string;
  /** The manual that it is written from. */
  source: string;
  /** How it stands in the plant. */
  state: ShippedState;
  /** How many tags it has, without those of its base. */
  tags: number;
  /** The template of its name in the plant. */
  template: ObjectId | null;
  /** Who makes the device. */
  vendor: string;
  /** The version that is shipped. */
  version: string;
};

/** A limit: a number, or the present value of another tag. */
export type Limit = number | {
  /** The tag. */
  tag: ObjectId;
};

/** Where limits of a widget come from. */
export type LimitSource = 'alarms' | 'own' | 'none';

/** One log line. */
export type Line = {
  /** The calls that led here, of a panic. */
  backtrace: string | null;
  /** Why, nearest reason first, where an error came along. */
  causes: (string)[];
  /** Fields of the event. */
  fields: Record<string, unknown>;
  /** Number of the line since the start of the process, from 1. */
  id: number;
  /** How much it matters. */
  level: Level;
  /** What happened, without line breaks and control characters. */
  message: string;
  /** Part of the program, e.g. `headworks_hub::link`. */
  module: string;
  /** Spans around it, outermost first. */
  spans: (SpanContext)[];
  /** Name of the thread. */
  thread: string | null;
  /** When, microseconds since 1970-01-01 UTC. */
  time_us: number;
};

/** The link that is asked, and how gently. */
export type LineBody = {
  /** A saved connection; while it is enabled it is asked between its polls. */
  connection: ObjectId | null;
  /** Rest after each answer, milliseconds; 5 when absent, 20 on a serial line. */
  pause_ms: number | null;
  /** Settings of a Modbus connection that is not saved; either these or `connection`. */
  settings: Record<string, unknown> | null;
  /** Longest wait for an answer, milliseconds; 500 when absent, 300 on a serial line. */
  timeout_ms: number | null;
};

/** The link that is asked, and how gently. */
export type LineBodyInput = {
  /** A saved connection; while it is enabled it is asked between its polls. */
  connection?: ObjectId | null;
  /** Rest after each answer, milliseconds; 5 when absent, 20 on a serial line. */
  pause_ms?: number | null;
  /** Settings of a Modbus connection that is not saved; either these or `connection`. */
  settings?: Record<string, unknown> | null;
  /** Longest wait for an answer, milliseconds; 500 when absent, 300 on a serial line. */
  timeout_ms?: number | null;
};

/** Lines, newest first. */
export type LinePage = {
  /** The lines. */
  items: (Line)[];
  /** `before` of the next page; none after the last. */
  next_before: number | null;
};

/** What was odd about samples as they came. */
export type Live = {
  /** How many. */
  counts: ViolationCounts;
  /** The newest, newest first; of a state that goes on, its beginning. */
  last: (Violation)[];
  /** Since when it is counted: the start of the hub, microseconds since 1970-01-01 UTC. */
  since_us: number;
};

/** Who looks at the plant. */
export type LiveStats = {
  /** Batches of the hub that were handed out. */
  batches: number;
  /** Different sets of tags that are watched. */
  groups: number;
  /** WebSockets and event streams that are open. */
  watchers: number;
};

/** What to load. */
export type LoadBody = {
  /** Whether nothing is changed. */
  dry_run?: boolean;
  /** Names of shipped templates; all of them when absent. */
  names?: (string)[] | null;
  /** Whether templates of an older version are replaced. */
  update?: boolean;
};

/** What was loaded. */
export type LoadDone = {
  /** The change, by which it can be taken back; null when nothing was changed. */
  change: number | null;
  /** The templates, with the bases of those that were named. */
  items: (LoadedItem)[];
};

/** How many events there were at a time. */
export type LoadReport = {
  /** Share of periods in which each operator had more than is manageable, in percent. */
  above_target_percent: number | null;
  /** Events altogether. */
  events: number;
  /** Share of the time in flood, in percent. */
  flood_percent: number | null;
  /** Floods altogether. */
  floods: number;
  /** The newest floods, the oldest first. */
  newest_floods: (Flood)[];
  /** Events of each of the newest periods, the oldest first. */
  newest_periods: (number)[];
  /** Share of periods in which each operator was overloaded, in percent. */
  overloaded_percent: number | null;
  /** Most events in a period. */
  period_peak: number;
  /** Whole and begun periods of 10 minutes. */
  periods: number;
};

/** What became of a shipped template. */
export type LoadedItem = {
  /** What became of it. */
  action: Loading;
  /** Its name. */
  name: string;
  /** The template in the plant; null when it was only to be made. */
  template: ObjectId | null;
  /** The version that is shipped. */
  version: string;
};

/** What becomes of a shipped template. */
export type Loading = 'created' | 'updated' | 'unchanged' | 'update_offered' | 'kept';

/** Which lines are made. */
export type LogLevels = {
  /** `error`, `warn`, `info`, `debug` or `trace`, also per part of the program: */
  levels: string;
};

/** A device that was made of a template. */
export type MadeDevice = {
  /** The device; null when it was only checked. */
  id: ObjectId | null;
  /** Its name. */
  name: string;
  /** How many tags it has. */
  tags: number;
};

/** Devices to be made of a template. */
export type MakeBody = {
  /** The devices: all of them are made, or none. */
  devices: (NewDevice)[];
  /** Whether the devices are only checked: nothing is made. */
  dry_run?: boolean;
};

/** What was made of a template. */
export type MakeDone = {
  /** The change, by which it can be taken back; null when nothing was changed. */
  change: number | null;
  /** The devices, in their order. */
  devices: (MadeDevice)[];
};

/** Who asks, and what they may do. */
export type Me = {
  /** Name of the person. */
  full_name: string;
  /** Whether the account has an authenticator. */
  has_totp: boolean;
  /** The account. */
  id: string;
  /** Whether only a part of the tags is seen. */
  is_narrowed: boolean;
  /** Whether nothing but a new password is allowed. */
  must_change_password: boolean;
  /** Name of the account. */
  name: string;
  /** The same, permission by permission: `view`, `operate`, `configure`, `administer`, `own`. */
  permissions: (string)[];
  /** What they may do. */
  role: Role;
  /** The session; null for a token. */
  session: string | null;
  /** By what they are recognised: `session`, `token`. */
  via: string;
  /** Tags that may be written; null for all that the role may write. */
  write: Scope | null;
};

/** An alarm that the device does not have. */
export type MissingAlarm = {
  /** Its name. */
  name: string;
  /** Name of its tag. */
  tag: string;
};

/** A tag that the device does not have. */
export type MissingTag = {
  /** Its address. */
  address: string;
  /** Its name. */
  name: string;
};

/** What becomes of tags that the plant does not have. */
export type MissingTags = 'report' | 'leave_out';

/** Why an expression does not work. */
export type Mistake = {
  /** The character at which it goes wrong, from 1. */
  column: number;
  /** What would be right. */
  hint: string | null;
  /** Characters that are wrong; 0 when something is missing there. */
  length: number;
  /** What is wrong. */
  message: string;
};

/** What becomes of the tags. */
export type Mode = 'merge' | 'replace' | 'delete';

/** A time: microseconds since 1970-01-01 UTC, or RFC 3339, or without an offset as in the zone. */
export type Moment = number | string;

/** How often a parameter is given. */
export type Need = 'required' | 'optional' | 'repeated';

/** A sample beside an instant. */
export type Neighbour = {
  status: number;
  time_us: number;
  value: Value | null;
};

/** A device to be made of a template. */
export type NewDevice = {
  /** The asset that it is placed in. */
  asset?: ObjectId | null;
  /** The connection it is reached through, of the protocol of the template. */
  connection: ObjectId;
  /** Free text. */
  description?: string;
  /** Whether it is polled. */
  enabled?: boolean;
  /** Name on screen, unique among devices. */
  name: string;
  /** Values of the parameters of the template; those that are absent have their defaults. */
  parameters?: unknown;
  /** Where its tags stand in the plant, below its asset if it has one. */
  path: TagPath;
  /** Settings that are not as the template says, or that it does not say. */
  settings?: unknown;
};

/** A token to make. */
export type NewToken = {
  /** When it ends, microseconds since 1970-01-01 UTC; null for never. */
  expires_us?: number | null;
  /** What it is for. */
  kind?: TokenKind;
  /** What people call it, 1 to 80 characters. */
  name: string;
  /** The tags that it sees; null for all. */
  read?: Scope | null;
  /** What it may do at most. */
  role: Role;
  /** The tags that it may write; null for all that its account may write. */
  write?: Scope | null;
};

/** An account to make. */
export type NewUser = {
  /** Name of the person. */
  full_name?: string;
  /** Whether the person has to choose a new password at the first sign-in. */
  must_change_password?: boolean;
  /** The name to sign in with: 1 to 64 letters, digits and `. _ - @`. */
  name: string;
  /** The first password, 8 to 128 characters; or a hash of bcrypt or Argon2id in */
  password?: string | null;
  /** The hash of the password, from another system. */
  password_hash?: string | null;
  /** What the person may do. */
  role: Role;
  /** The tags that the person may write; null for all that the role may write. */
  write?: Scope | null;
};

/** What becomes of NaN, infinities, and words such as `N/A` where a number should be. */
export type NotANumber = 'error' | 'bad';

/** An address as every manual would write it. */
export type Notations = {
  /** Five digits that count from 1, e.g. `40101`; none above 9998. */
  five_digits: string | null;
  /** In hexadecimal digits, e.g. `0x0064`. */
  hex: string;
  /** What stands there: `coil`, `discrete`, `input` or `holding`. */
  kind: Table;
  /** Six digits that count from 1, e.g. `400101`. */
  six_digits: string;
  /** As tags write it, e.g. `HR100`. */
  tag: string;
  /** As it goes over the wire, from 0. */
  zero_based: number;
};

/** What cannot be carried over, or was carried over with a change. */
export type Note = {
  /** The key or column of the file. */
  key: string;
  /** Where in the file: line, JSON pointer or name of the object. */
  place: string;
  /** Why it is left out, or what was done instead. */
  reason: string;
};

/** An object as it is kept: its body with identity and revision. */
export type Object = {
  /** Row blocks, from top to bottom. */
  groups: (WidgetGroup)[];
  /** Lasting identity. */
  id: ObjectId;
  /** Name on screen, unique among dashboards. */
  name: string;
  /** Place in the list of dashboards, lowest first. */
  order: number;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
};

/** An object as it is kept: its body with identity and revision. */
export type Object2 = {
  /** How long each tier is kept. */
  days: RetentionDays;
  /** Free text. */
  description?: string;
  /** Whether it counts. */
  enabled: boolean;
  /** Lasting identity. */
  id: ObjectId;
  /** Name on screen, unique among retention policies. */
  name: string;
  /** The tags it is for: `*` within a segment of the path, `**` for any depth. */
  pattern: string;
  /** Of several policies that select a tag the one with the least number holds. */
  priority: number;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
};

/** An object as it is kept: its body with identity and revision. */
export type Object3 = {
  /** How good a sample must be. */
  accept?: Accept;
  /** Whether what is written at the target comes back to the source; for one tag to one tag. */
  back?: WayBack | null;
  /** Free text. */
  description?: string;
  /** Whether it only counts what would pass, and delivers nothing. */
  dry_run?: boolean;
  /** Whether it works. */
  enabled?: boolean;
  /** Of these tags those that it leaves out. */
  except?: (string)[];
  /** The tags it takes samples from: paths, with `*` within a segment and `**` for any depth. */
  from: (string)[];
  /** Lasting identity. */
  id: ObjectId;
  /** Name on screen, unique among routes. */
  name: string;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** How much and how often goes on. */
  rules?: RouteRules;
  /** When it works at all. */
  schedule?: RouteSchedule | null;
  /** Where what passes goes, each place once. */
  to: (RouteTarget)[];
  /** What becomes of the value on its way, e.g. `scale(0.001) | clamp(0, 100)`. */
  transform?: string;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
  /** Expression that must be true of the sample, `value`; everything passes when empty. */
  when?: string;
  /** What is made of the samples of some time; each stands for itself when absent. */
  window?: RouteWindow | null;
};

/** The lasting identity of an object: a UUID, version 7 for new ones. */
export type ObjectId = string;

/** What a sample without a usable value means to an alarm on values. */
export type OnBad = 'hold' | 'raise' | 'clear';

/** What a shift does on days off. The day on which it begins counts. */
export type OnDaysOff = 'free' | 'works' | 'only';

/** Who is on duty. */
export type OnDuty = {
  /** When, microseconds since 1970-01-01 UTC. */
  at_us: number;
  /** Until when each of them is on duty, in the same order. */
  ends: (DutyEnd)[];
  /** The people. */
  items: (Person)[];
};

/** Which texts are listed. */
export type Only = 'missing' | 'unused';

/** How data are treated: the configuration of OPC UA Part 13, 4.2.1.2. */
export type Options = {
  /** Share of bad data from which on a result is bad, 0 to 100; 100 when absent. */
  percent_data_bad?: number | null;
  /** Share of good data from which on a result is good, 0 to 100; 100 when absent. */
  percent_data_good?: number | null;
  /** Values hold until the next one; false when absent. */
  stepped?: boolean;
  /** Uncertain samples count as bad; true when absent. */
  treat_uncertain_as_bad?: boolean | null;
  /** Values after the last sample follow its slope; false when absent. */
  use_sloped_extrapolation?: boolean;
};

/** How a file of text is compressed. */
export type Packing = 'none' | 'gzip' | 'zstd';

/** One page of a list. */
export type PageOfAlarmItem = {
  /** The items. */
  items: (AlarmItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfAlarmRule = {
  /** The items. */
  items: (AlarmRule)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfAssetItem = {
  /** The items. */
  items: (AssetItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfCalculatedItem = {
  /** The items. */
  items: (CalculatedItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfChannelItem = {
  /** The items. */
  items: (ChannelItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfConnectionItem = {
  /** The items. */
  items: (ConnectionItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfDeviceItem = {
  /** The items. */
  items: (DeviceItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfDictionaryItem = {
  /** The items. */
  items: (DictionaryItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfErrorGroup = {
  /** The items. */
  items: (ErrorGroup)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfGroupItem = {
  /** The items. */
  items: (GroupItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfObject = {
  /** The items. */
  items: (Object)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfObject2 = {
  /** The items. */
  items: (Object2)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfObject3 = {
  /** The items. */
  items: (Object3)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfPathValue = {
  /** The items. */
  items: (PathValue)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfPictureItem = {
  /** The items. */
  items: (PictureItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfPolicyItem = {
  /** The items. */
  items: (PolicyItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfRosterItem = {
  /** The items. */
  items: (RosterItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfRouteStatus = {
  /** The items. */
  items: (RouteStatus)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfSystemEvent = {
  /** The items. */
  items: (SystemEvent)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfTagItem = {
  /** The items. */
  items: (TagItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfTemplateItem = {
  /** The items. */
  items: (TemplateItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfUser = {
  /** The items. */
  items: (User)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** One page of a list. */
export type PageOfValidationItem = {
  /** The items. */
  items: (ValidationItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
};

/** A parameter of a function. */
export type Parameter = {
  /** What it takes. */
  kind: ValueKind;
  /** Its name, for the documents only: arguments are told by their places. */
  name: string;
  /** How often it is given. */
  need: Need;
};

/** Types of parameters. */
export type ParameterType = 'text' | 'number' | 'integer' | 'boolean';

/** What is delivered. */
export type Parcel = {
  /** Its path then. */
  path: string;
  /** Status code of its quality. */
  quality: Quality;
  /** Time of the sample of the tag, microseconds since 1970-01-01 UTC. */
  source_time_us: number;
  /** The value of the tag before the transform. */
  source_value: Value | null;
  /** The tag whose sample it was. */
  tag: ObjectId;
  /** Its time, microseconds since 1970-01-01 UTC. */
  time_us: number;
  /** The result of the route; null when the sample was bad. */
  value: Value | null;
};

/** A new password. */
export type PasswordBody = {
  /** The present password. */
  current: string;
  /** The new one, 8 to 128 characters. */
  password: string;
};

/** The present value of a tag. */
export type PathValue = {
  /** Path of the tag. */
  path: string;
  /** OPC UA status code. */
  quality: number | null;
  /** Name of the status code. */
  quality_name: string | null;
  /** Time of the sample, microseconds since 1970-01-01 UTC. */
  time_us: number | null;
  /** Unit, empty for none. */
  unit: string;
  /** The value in engineering units; null when there never was one. */
  value: Value | null;
};

/** Somebody who is told of alarms. */
export type Person = {
  /** The account in whose name the person acknowledges by the link of an e-mail; without one the */
  account?: string;
  /** Where e-mail goes. */
  email: string;
  /** Language of what is sent, e.g. `de`; English when it is not known. */
  language: string;
  /** Name of the person. */
  name: string;
};

/** Somebody who is told of alarms. */
export type PersonInput = {
  /** The account in whose name the person acknowledges by the link of an e-mail; without one the */
  account?: string;
  /** Where e-mail goes. */
  email: string;
  /** Language of what is sent, e.g. `de`; English when it is not known. */
  language?: string;
  /** Name of the person. */
  name: string;
};

/** A picture of dashboards: what it is called and which bytes it has. */
export type Picture = {
  /** How many bytes it has. */
  bytes: number;
  /** SHA-256 of its bytes, 64 hexadecimal digits in lower case. */
  hash: string;
  /** What its bytes are. */
  media_type: PictureType;
  /** Name by which image widgets call it, unique among pictures. */
  name: string;
};

/** A picture, and the dashboards that show it. */
export type PictureItem = {
  /** How many bytes it has. */
  bytes: number;
  /** SHA-256 of its bytes, 64 hexadecimal digits in lower case. */
  hash: string;
  /** Lasting identity. */
  id: ObjectId;
  /** What its bytes are. */
  media_type: PictureType;
  /** Name by which image widgets call it, unique among pictures. */
  name: string;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
  /** The dashboards with an image widget that names it, of those that the caller sees. */
  used_by: (DashboardRef)[];
};

/** What pictures can be. */
export type PictureType = 'image/png' | 'image/jpeg' | 'image/webp' | 'image/svg+xml';

/** What a body can name. */
export type Placeholder = {
  /** What stands there in a message. */
  meaning: string;
  /** What stands between the braces. */
  name: string;
};

/** What a file asks for, and what became of it. */
export type PlanAnswer = {
  /** Whether it was applied; false after a dry run. */
  applied: boolean;
  /** The change, by which it can be taken back; null when nothing was changed. */
  change: number | null;
  /** How many objects are made, by kind. */
  created: Record<string, number>;
  /** How many objects are deleted, by kind. */
  deleted: Record<string, number>;
  /** How many mistakes there are. */
  error_count: number;
  /** The first 1,000 mistakes; a file with one is not applied. */
  errors: (RowError)[];
  /** What the file is: `tag_table`, or the format of the project. */
  format: string;
  /** The first 1,000 things that are not carried over, or are with a change. */
  not_carried_over: (Note)[];
  /** How many such things there are. */
  not_carried_over_count: number;
  /** The first 1,000 changes. */
  rows: (PlanRow)[];
  /** How many objects of the file are as they should be already. */
  unchanged: number;
  /** How many objects are changed, by kind. */
  updated: Record<string, number>;
};

/** One change. */
export type PlanRow = {
  /** What happens. */
  action: Doing;
  /** Kind of the object. */
  kind: string;
  /** Path of the tag, or name of the object. */
  name: string;
  /** Place in a file without rows. */
  place?: string;
  /** Line of a text file, row of a sheet; absent where the file has no rows. */
  row?: number | null;
};

/** Who is told of which alarms, when and how often. */
export type Policy = {
  /** Patterns of the tags of the alarms; every alarm when empty, also those without a tag. */
  areas?: (string)[];
  /** Free text. */
  description?: string;
  /** Minutes between two messages in a flood of alarms, in which everything goes into one. */
  digest_min?: number;
  /** Whether anybody is told. */
  enabled?: boolean;
  /** What goes into one message. */
  group_by?: GroupBy;
  /** Seconds between two messages of one group; what happens in between waits for the second. */
  group_s?: number;
  /** Groups of the alarms, as alarm rules name them; every alarm when empty. */
  groups?: (string)[];
  /** When the policy counts: alarms that are raised at other times are not told; always when */
  hours?: (Hours)[];
  /** Name on screen, unique among policies. */
  name: string;
  /** Priorities of the alarms; every one when empty. */
  priorities?: (Priority)[];
  /** When only what is urgent is told; the rest waits for the end. */
  quiet?: QuietHoursInput | null;
  /** Minutes after which the last step is repeated while nobody acknowledges; never when absent. */
  repeat_min?: number | null;
  /** Who is told, and who next while nobody acknowledges; in order of `after_min`. */
  steps: (PolicyStepInput)[];
  /** Whether an alarm that is over is not escalated any more, although nobody acknowledged it. */
  stop_when_over?: boolean;
  /** Whether those who were told of an alarm are told who acknowledged it. */
  tell_acknowledged?: boolean;
  /** Whether those who were told of an alarm are told when it is over. */
  tell_over?: boolean;
  /** Time zone of the hours below, e.g. `Europe/Berlin`; that of the server when empty. */
  time_zone?: string;
};

/** A policy as it is configured. */
export type PolicyItem = {
  /** Patterns of the tags of the alarms; every alarm when empty, also those without a tag. */
  areas?: (string)[];
  /** Free text. */
  description?: string;
  /** Minutes between two messages in a flood of alarms, in which everything goes into one. */
  digest_min: number;
  /** Whether anybody is told. */
  enabled: boolean;
  /** What goes into one message. */
  group_by: GroupBy;
  /** Seconds between two messages of one group; what happens in between waits for the second. */
  group_s: number;
  /** Groups of the alarms, as alarm rules name them; every alarm when empty. */
  groups?: (string)[];
  /** When the policy counts: alarms that are raised at other times are not told; always when */
  hours?: (Hours)[];
  /** Lasting identity. */
  id: ObjectId;
  /** Name on screen, unique among policies. */
  name: string;
  /** Priorities of the alarms; every one when empty. */
  priorities?: (Priority)[];
  /** When only what is urgent is told; the rest waits for the end. */
  quiet?: QuietHours | null;
  /** Minutes after which the last step is repeated while nobody acknowledges; never when absent. */
  repeat_min?: number | null;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Who is told, and who next while nobody acknowledges; in order of `after_min`. */
  steps: (PolicyStep)[];
  /** Whether an alarm that is over is not escalated any more, although nobody acknowledged it. */
  stop_when_over: boolean;
  /** Whether those who were told of an alarm are told who acknowledged it. */
  tell_acknowledged: boolean;
  /** Whether those who were told of an alarm are told when it is over. */
  tell_over: boolean;
  /** Time zone of the hours below, e.g. `Europe/Berlin`; that of the server when empty. */
  time_zone?: string;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
};

/** A retention policy by name. */
export type PolicyRef = {
  /** Lasting identity. */
  id: ObjectId;
  /** Name. */
  name: string;
};

/** One step of an escalation. */
export type PolicyStep = {
  /** Minutes after the alarm was raised. */
  after_min: number;
  /** On which channel. */
  channel: ObjectId;
  /** And these people, at any time. */
  people?: (Person)[];
  /** Who is told: those of these rosters who are on duty. */
  rosters?: (ObjectId)[];
};

/** One step of an escalation. */
export type PolicyStepInput = {
  /** Minutes after the alarm was raised. */
  after_min?: number;
  /** On which channel. */
  channel: ObjectId;
  /** And these people, at any time. */
  people?: (PersonInput)[];
  /** Who is told: those of these rosters who are on duty. */
  rosters?: (ObjectId)[];
};

/** What a manual poll brought. */
export type PollOutcome = {
  /** Tags that could not be read. */
  bad: number;
  /** The first error, when there was one. */
  error: string | null;
  /** Tags that were read well. */
  good: number;
};

/** What an account keeps under a key. */
export type PreferenceAnswer = {
  /** When it was stored last, microseconds since 1970-01-01 UTC; null when nothing is. */
  changed_us: number | null;
  /** What it is about. */
  key: string;
  /** What was stored; null when nothing is. */
  value: unknown;
};

/** Something to be kept. */
export type PreferenceBody = {
  /** Any JSON, at most 65,536 bytes without spaces. */
  value: unknown;
};

/** Something that an account keeps. */
export type PreferenceEntry = {
  /** Bytes of the value as JSON. */
  bytes: number;
  /** When it was stored last, microseconds since 1970-01-01 UTC. */
  changed_us: number;
  /** What it is about. */
  key: string;
};

/** What an account keeps, without the values. */
export type Preferences = {
  /** In order of key. */
  items: (PreferenceEntry)[];
};

/** Ready-made webhooks, and what bodies can name. */
export type Presets = {
  /** The webhooks. */
  items: (ChannelPreset)[];
  /** What bodies can name in braces. */
  placeholders: (Placeholder)[];
};

/** What an expression gives. */
export type Preview = {
  /** Class of the quality. */
  class: QualityClass;
  /** Why there is no value. */
  fault: Doubt | null;
  /** OPC UA status code. */
  quality: number;
  /** Name of the status code. */
  quality_name: string;
  /** Time of the sample, microseconds since 1970-01-01 UTC. */
  time_us: number;
  /** The value in engineering units; with a bad quality, the value it had before, if any. */
  value: Value | null;
};

/** A row as it would be stored. */
export type PreviewRow = {
  /** Line or row of the file. */
  line: number;
  /** The tag. */
  path: string;
  /** The quality: a status code of OPC UA. */
  quality: number;
  /** The time, microseconds since 1970-01-01 UTC. */
  time_us: number;
  /** The value; null in a bad sample. */
  value: Value | null;
};

/** How urgent an alarm is: 1 is the most, 4 the least. */
export type Priority = number;

/** Alarms of a priority. */
export type PriorityCount = {
  /** Those that are active. */
  active: number;
  /** The priority. */
  priority: Priority;
  /** Those that somebody has to acknowledge. */
  unacknowledged: number;
};

/** Events of a priority. */
export type PriorityShare = {
  /** Its events. */
  events: number;
  /** Their share of the events of priorities 1 to 3, in percent; none for priority 4. */
  percent: number | null;
  /** The priority. */
  priority: Priority;
  /** What their share should be, in percent. */
  target_percent: number | null;
};

/** Problem details of an answer that is no success. */
export type Problem = {
  /** Stable name of the error, for programs. */
  code: string;
  /** What happened here, for people. */
  detail: string;
  /** The fields that cannot work, when fields are to blame. */
  errors?: (FieldProblem)[];
  /** Names the request in the log of the hub. */
  request_id: string;
  /** The HTTP status. */
  status: number;
  /** The code in words. */
  title: string;
  /** A URN that ends with the code. */
  type: string;
};

/** What the process uses. */
export type ProcessUsage = {
  /** Processor time since the start of the process, user and system, in seconds. */
  cpu_secs: number;
  /** Open files and sockets. */
  open_files: number;
  /** Memory held in RAM, in bytes. */
  rss_bytes: number;
  /** Threads. */
  threads: number;
};

/** Aggregates of tags over the same intervals. */
export type ProcessedAnswer = {
  /** Start of each interval in the direction of the range. */
  starts_us: (number)[];
  /** The tags. */
  tags: (TagColumns)[];
};

/** Which aggregates to compute. */
export type ProcessedAsk = {
  /** Names of aggregates, see `GET /api/v1/history/aggregates`. */
  aggregates: (string)[];
  /** End of the range, not part of it. */
  end: Moment;
  /** Width in microseconds, 0 for one interval, or of the calendar, e.g. `1d`. */
  interval: StepInput;
  /** How data are treated. */
  options?: Options;
  /** Start of the range; after the end the range runs backward. */
  start: Moment;
  /** Tags by id, path or pattern. */
  tags: (string)[];
  /** Zone of the calendar and of times without an offset; UTC when absent. */
  zone?: string | null;
};

/** The present password, for what a stolen session must not do. */
export type ProofBody = {
  /** The present password. */
  password: string;
};

/** A protocol that connections may name. */
export type ProtocolItem = {
  /** How addresses of tags are written. */
  address_help: string;
  /** JSON Schema of the settings of a connection. */
  connection_schema: unknown;
  /** JSON Schema of the settings of a device. */
  device_schema: unknown;
  /** Value of `protocol` in a connection. */
  name: string;
  /** What it is for. */
  summary: string;
  /** Name on screen. */
  title: string;
};

/** The protocols. */
export type Protocols = {
  /** In order of name. */
  items: (ProtocolItem)[];
};

/** The OPC UA status code of a sample, all 32 bits. */
export type Quality = number;

/** The three classes of quality, from the two top bits of the code. */
export type QualityClass = 'good' | 'uncertain' | 'bad';

/** How qualities are written. */
export type QualityStyle = 'auto' | 'name' | 'code' | 'none';

/** Hours in which only what is urgent is told. */
export type QuietHours = {
  /** The hours. */
  hours: (Hours)[];
  /** Priorities that are told all the same. */
  through: (Priority)[];
};

/** Hours in which only what is urgent is told. */
export type QuietHoursInput = {
  /** The hours. */
  hours: (Hours)[];
  /** Priorities that are told all the same. */
  through?: (Priority)[];
};

/** A page of raw samples. */
export type RawAnswer = {
  /** `cursor` of the next page; null on the last one. */
  next_cursor: string | null;
  /** Tags with samples of the page. */
  tags: (TagSamples)[];
};

/** Which raw samples to read. */
export type RawAsk = {
  /** The last sample before and the first after the range too. */
  bounds?: boolean;
  /** `next_cursor` of the page before. */
  cursor?: string | null;
  /** First instant after the range. */
  end: Moment;
  /** Most samples of the page, 1 to 100000; 10000 when absent. */
  limit?: number | null;
  /** First instant. */
  start: Moment;
  /** Tags by id, path or pattern. */
  tags: (string)[];
  /** Zone of times without an offset, e.g. `Europe/Berlin`; UTC when absent. */
  zone?: string | null;
};

/** Why samples were not taken. */
export type Refusal = {
  /** Place of the sample in its columns, from 0. */
  index: number | null;
  /** Line or block of the stream, from 1. */
  line: number;
  /** The reason. */
  reason: string;
  /** The tag, as far as it is known. */
  tag: string;
};

/** An event that was not acknowledged. */
export type RefusedEvent = {
  /** The alarm. */
  alarm: ObjectId;
  /** Its event. */
  event: EventId;
  /** Why not. */
  reason: string;
};

/** A letter that cannot be sent again. */
export type RefusedLetter = {
  /** Its number. */
  number: number;
  /** Why. */
  reason: string;
};

/** Which addresses to look for. */
export type RegistersBody = {
  /** First address. */
  first?: number;
  /** Addresses are read in pieces of this; 2 for devices that give no half of a value. */
  grain?: number;
  /** Last address. */
  last?: number;
  /** The link. */
  line: LineBodyInput;
  /** Most coils or inputs of one read. */
  max_bits?: number;
  /** Most registers of one read. */
  max_registers?: number;
  /** The tables, in this order; all four when empty. */
  tables?: (Table)[];
  /** The unit. */
  unit_id?: number;
};

/** What is said to an act. */
export type Remark = {
  /** Comment or reason. */
  comment?: string;
};

/** What became of letters that were to be sent again. */
export type Replayed = {
  /** How many went into the queues of their targets; those that fail come back. */
  queued: number;
  /** Those that could not, with the reason; they stay. */
  refused: (RefusedLetter)[];
};

/** A password that an administrator gives. */
export type ResetBody = {
  /** Whether the person has to choose another one at the next sign-in; true when absent. */
  must_change_password?: boolean;
  /** The new password, 8 to 128 characters. */
  password: string;
};

/** Days that each tier is kept, 1 to 36525; null keeps it for ever, an absent one has its */
export type RetentionDays = {
  /** Rows per day. */
  day: number | null;
  /** Rows per five minutes. */
  five_minutes: number | null;
  /** Rows per hour. */
  hour: number | null;
  /** Rows per minute. */
  minute: number | null;
  /** Every sample. */
  raw: number | null;
  /** Rows per week. */
  week: number | null;
};

/** Days that each tier is kept, 1 to 36525; null keeps it for ever, an absent one has its */
export type RetentionDaysInput = {
  /** Rows per day. */
  day?: number | null;
  /** Rows per five minutes. */
  five_minutes?: number | null;
  /** Rows per hour. */
  hour?: number | null;
  /** Rows per minute. */
  minute?: number | null;
  /** Every sample. */
  raw?: number | null;
  /** Rows per week. */
  week?: number | null;
};

/** How long the samples and roll-ups of the tags that a pattern selects are kept. */
export type RetentionPolicy = {
  /** How long each tier is kept. */
  days?: RetentionDaysInput;
  /** Free text. */
  description?: string;
  /** Whether it counts. */
  enabled?: boolean;
  /** Name on screen, unique among retention policies. */
  name: string;
  /** The tags it is for: `*` within a segment of the path, `**` for any depth. */
  pattern: string;
  /** Of several policies that select a tag the one with the least number holds. */
  priority?: number;
};

/** One past state of an object. */
export type Revision = {
  /** What happened: `created`, `updated` or `deleted`. */
  action: string;
  /** Who. */
  author: string;
  /** The body after the change; null when the object was deleted. */
  body: unknown;
  /** The revision that the change made. */
  revision: number;
  /** When, microseconds since 1970-01-01 UTC. */
  time_us: number;
};

/** An expression that follows an edit of something else. */
export type RewrittenExpression = {
  /** The expression as it would be. */
  after: string;
  /** The expression as it is. */
  before: string;
  /** Place of the edit in the list. */
  edit: number;
  /** Whose it is. */
  id: ObjectId;
  /** What that is: a tag with a formula, or an alarm. */
  kind: Kind;
  /** Path of the tag, or name of the alarm. */
  name: string;
};

/** What a person or a program is in the plant; each role may do all that the one before may. */
export type Role = 'viewer' | 'operator' | 'admin' | 'owner';

/** People, and who of them is on duty when. */
export type Roster = {
  /** Days off, such as public holidays. */
  days_off?: (CalendarDay)[];
  /** Free text. */
  description?: string;
  /** Name on screen, unique among rosters. */
  name: string;
  /** The people, each name once. */
  people: (PersonInput)[];
  /** When who is on duty; everybody is always when there are no shifts. */
  shifts?: (ShiftInput)[];
  /** Time zone of the shifts, e.g. `Europe/Berlin`; that of the server when empty. */
  time_zone?: string;
};

/** A roster as it is configured. */
export type RosterItem = {
  /** Days off, such as public holidays. */
  days_off?: (CalendarDay)[];
  /** Free text. */
  description?: string;
  /** Lasting identity. */
  id: ObjectId;
  /** Name on screen, unique among rosters. */
  name: string;
  /** The people, each name once. */
  people: (Person)[];
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** When who is on duty; everybody is always when there are no shifts. */
  shifts?: (Shift)[];
  /** Time zone of the shifts, e.g. `Europe/Berlin`; that of the server when empty. */
  time_zone?: string;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
};

/** Takes the samples of some tags on to other places: tags, web services. */
export type Route = {
  /** How good a sample must be. */
  accept?: Accept;
  /** Whether what is written at the target comes back to the source; for one tag to one tag. */
  back?: WayBack | null;
  /** Free text. */
  description?: string;
  /** Whether it only counts what would pass, and delivers nothing. */
  dry_run?: boolean;
  /** Whether it works. */
  enabled?: boolean;
  /** Of these tags those that it leaves out. */
  except?: (string)[];
  /** The tags it takes samples from: paths, with `*` within a segment and `**` for any depth. */
  from: (string)[];
  /** Name on screen, unique among routes. */
  name: string;
  /** How much and how often goes on. */
  rules?: RouteRules;
  /** When it works at all. */
  schedule?: RouteSchedule | null;
  /** Where what passes goes, each place once. */
  to: (RouteTargetInput)[];
  /** What becomes of the value on its way, e.g. `scale(0.001) | clamp(0, 100)`. */
  transform?: string;
  /** Expression that must be true of the sample, `value`; everything passes when empty. */
  when?: string;
  /** What is made of the samples of some time; each stands for itself when absent. */
  window?: RouteWindow | null;
};

/** What went wrong. */
export type RouteError = {
  /** What. */
  reason: string;
  /** When, microseconds since 1970-01-01 UTC. */
  time_us: number;
};

/** How much and how often goes on. */
export type RouteRules = {
  /** How far a number must be from the last one that passed; with 0 any change passes. */
  deadband?: number;
  /** Whether a value goes on that is the same as the one before. */
  every_sample?: boolean;
  /** Most that pass within a minute of the clock, of all tags together; the rest is dropped. */
  max_per_minute?: number | null;
  /** Least milliseconds between two that pass, tag by tag. The newest of those that came too */
  min_interval_ms?: number;
};

/** Days and times of day at which a route works, in the local time of the server. */
export type RouteSchedule = {
  /** The days, each once; every day when empty. */
  days?: (Weekday)[];
  /** From this time of day on. */
  from?: DayTime;
  /** Until before this time of day; over midnight when it is not later than `from`, and then */
  to?: DayTime;
};

/** Whether a route works. */
export type RouteState = 'running' | 'dry_run' | 'failing' | 'broken' | 'disabled';

/** How a route does, since the hub started. */
export type RouteStatus = {
  /** Deliveries that went to the dead letters. */
  dead: number;
  /** Deliveries that arrived. */
  delivered: number;
  /** Tries that failed; the same delivery may fail more than once. */
  failed_tries: number;
  /** What was held back, by the rule that did. */
  held: Record<string, number>;
  /** The route. */
  id: ObjectId;
  /** When the last delivery arrived, microseconds since 1970-01-01 UTC. */
  last_delivered_us: number | null;
  /** What went wrong last. */
  last_error: RouteError | null;
  /** How long deliveries took; null before the first. */
  latency: Latency | null;
  /** Samples of these tags. */
  matched: number;
  /** What went on: samples, and the results of windows. */
  passed: number;
  /** Why it does not. */
  reason: string | null;
  /** Values that a newer one replaced while a write to the same tag was under way. */
  replaced: number;
  /** Whether it works. */
  state: RouteState;
  /** Tags that it takes samples of. */
  tags: number;
  /** Its targets, in their order. */
  targets: (TargetStatus)[];
  /** Deliveries that wait in the queues of its targets. */
  waiting: number;
};

/** A place to which a route leads. */
export type RouteTarget = {
  kind: 'tag';
  /** The tag; it stays the target when it is renamed. */
  tag: ObjectId;
} | {
  /** The body, with `{path}`, `{value}` and the other places of the documentation; an object */
  body?: string;
  /** What the body is. */
  body_type?: BodyType;
  /** Headers, with `${secret:name}` for named secrets. */
  headers?: Record<string, string>;
  kind: 'webhook';
  /** How. */
  method?: WebhookMethod;
  /** Milliseconds that one try may take. */
  timeout_ms: number;
  /** Tries before it goes to the dead letters. */
  tries: number;
  /** Where to, `http` or `https`; `${secret:name}` stands for a named secret. */
  url: string;
};

/** A place to which a route leads. */
export type RouteTargetInput = {
  kind: 'tag';
  /** The tag; it stays the target when it is renamed. */
  tag: ObjectId;
} | {
  /** The body, with `{path}`, `{value}` and the other places of the documentation; an object */
  body?: string;
  /** What the body is. */
  body_type?: BodyType;
  /** Headers, with `${secret:name}` for named secrets. */
  headers?: Record<string, string>;
  kind: 'webhook';
  /** How. */
  method?: WebhookMethod;
  /** Milliseconds that one try may take. */
  timeout_ms?: number;
  /** Tries before it goes to the dead letters. */
  tries?: number;
  /** Where to, `http` or `https`; `${secret:name}` stands for a named secret. */
  url: string;
};

/** What becomes of the samples of some time, tag by tag: one sample, when the time is over. */
export type RouteWindow = {
  /** What is made of them. */
  function: WindowFunction;
  /** How long, in seconds; windows begin at multiples of it since 1970-01-01 UTC. */
  seconds: number;
};

/** What is wrong with a row of a file. */
export type RowError = {
  /** Column, or the place in a file without columns. */
  column: string;
  /** What is wrong and what would be right. */
  reason: string;
  /** Line of a text file, row of a sheet, from 1; absent where the file has no rows. */
  row?: number | null;
  /** What stands there, cut to 80 characters. */
  value: string;
};

/** An alarm rule to be tested. */
export type RuleTestBody = {
  /** Time after the samples, microseconds since 1970-01-01 UTC; now when absent. At most a week */
  end_us?: number | null;
  /** A rule that is stored; with `rule`, the one whose place that would take. */
  id?: ObjectId | null;
  /** A rule that need not be stored. */
  rule?: Alarm | null;
  /** First time of the samples, microseconds since 1970-01-01 UTC; a day before the end when */
  start_us?: number | null;
};

/** A part of the plant: the tags that at least one pattern selects. */
export type Scope = (string)[];

/** A secret to store. */
export type SecretBody = {
  /** The hosts that it may be sent to; empty for all. Whoever may make channels and routes can */
  hosts?: (string)[];
  /** The secret, 4 to 4096 bytes, without line breaks. */
  value: string;
};

/** A secret as people may see it: everything but its value. */
export type SecretEntry = {
  /** When it was stored last. */
  changed_us: number;
  /** When it was stored first, microseconds since 1970-01-01 UTC. */
  created_us: number;
  /** The hosts that it may be sent to; empty for all. */
  hosts: (string)[];
  /** Its name: `${secret:name}` stands for its value. */
  name: string;
};

/** Secrets without their values. */
export type Secrets = {
  /** In order of name. */
  items: (SecretEntry)[];
};

/** An event of an alarm. */
export type SeenEvent = {
  /** The alarm. */
  alarm: ObjectId;
  /** Its event. */
  event: EventId;
};

/** A session as its owner may see it. */
export type Session = {
  /** Where the client was at the sign-in or the last refresh. */
  address: string;
  /** What the client says of itself. */
  agent: string;
  /** When the person signed in, microseconds since 1970-01-01 UTC. */
  created_us: number;
  /** Lasting identity. */
  id: string;
  /** When it was refreshed last. */
  refreshed_us: number;
  /** When it ends if nothing happens. */
  until_us: number;
  /** The account. */
  user: string;
};

/** Sessions of an account. */
export type Sessions = {
  /** The oldest first. */
  items: (Session)[];
};

/** A value to choose. */
export type SetpointChoice = {
  /** The word shown; the value when empty. */
  text?: string;
  /** The value that is written. */
  value: boolean | number | string;
};

/** What the operator works to write. */
export type SetpointControl = 'number' | 'slider' | 'select';

/** Options of a setpoint. */
export type SetpointOptions = {
  /** Values to choose from. */
  choices?: (SetpointChoice)[];
  /** How a write is asked back. */
  confirm?: Confirm;
  /** What the operator works. */
  control?: SetpointControl;
  /** Greatest number; that of the tag when absent. */
  max?: number | null;
  /** Least number; that of the tag when absent. */
  min?: number | null;
  /** Step of slider and arrow keys, above 0. */
  step?: number | null;
};

/** Where the value of a setting comes from. */
export type SettingSource = 'default' | 'file' | 'environment' | 'argument' | 'run_time';

/** The first owner. */
export type SetupBody = {
  /** Name of the person. */
  full_name?: string | null;
  /** The name to sign in with: 1 to 64 letters, digits and `. _ - @`. */
  name: string;
  /** 8 to 128 characters. */
  password: string;
  /** The one-time token that the console and the file `setup-token` show. */
  token: string;
};

/** Whether the first owner is still to be made. */
export type SetupState = {
  /** Whether the one-time token of the console makes the first owner now. */
  needed: boolean;
};

/** How much an event matters. */
export type Severity = 'info' | 'warning' | 'alarm' | 'critical';

/** How an alarm is shelved; never for ever. */
export type Shelf = {
  /** Whether it ends before, as soon as the condition has been true and is so no more. */
  one_shot: boolean;
  /** When it ends at the latest, microseconds since 1970-01-01 UTC. */
  until_us: number;
};

/** For how long an alarm is put aside, and why. */
export type Shelving = {
  /** Why; needed. */
  comment: string;
  /** Whether it ends before, as soon as the condition has been true and is so no more. */
  one_shot?: boolean;
  /** Until when, microseconds since 1970-01-01 UTC; as long as its rule allows when absent. */
  until_us?: number | null;
};

/** When some of the people are on duty. */
export type Shift = {
  /** The hours. */
  hours: Hours;
  /** What the shift does on days off. */
  on_days_off: OnDaysOff;
  /** Names of the people. */
  people: (string)[];
};

/** When some of the people are on duty. */
export type ShiftInput = {
  /** The hours. */
  hours: Hours;
  /** What the shift does on days off. */
  on_days_off?: OnDaysOff;
  /** Names of the people. */
  people: (string)[];
};

/** How a shipped template stands in the plant. */
export type ShippedState = 'absent' | 'current' | 'older' | 'newer';

/** One section of the settings file. */
export type ShownSection = {
  /** What it is about, in English. */
  description: string;
  /** Its name, as in `[server]`. */
  name: string;
  /** Its settings in order of key. */
  settings: (ShownSetting)[];
};

/** One setting. */
export type ShownSetting = {
  /** What holds when nothing is said. */
  default: unknown;
  /** Meaning, unit and bounds, in English. */
  description: string;
  /** The variable of the environment or the argument that gave the value. */
  given_by: string | null;
  /** Whether the value is never shown. */
  is_secret: boolean;
  /** Its key within the section; with a dot inside a table, as in `retention_days.raw`. */
  key: string;
  /** Whether a change counts from the next start only. */
  needs_restart: boolean;
  /** Where the value comes from. */
  source: SettingSource;
  /** What holds at present; `***` for a secret that is set. */
  value: unknown;
};

/** Every setting of the process, by section. */
export type ShownSettings = {
  /** The file that was read at the start; null when there was none. */
  file: string | null;
  /** The sections in order of name. */
  sections: (ShownSection)[];
};

/** Who wants to sign in. */
export type SignInBody = {
  /** The one-time password, where the account has an authenticator. */
  code?: string | null;
  /** The name of the account, in whatever case. */
  name: string;
  /** The password. */
  password: string;
};

/** A session that was opened or refreshed; browsers have it in cookies too. */
export type SignedIn = {
  /** Recognises the session in the header `authorization: Bearer`. */
  access_token: string;
  /** Until when, microseconds since 1970-01-01 UTC. */
  access_until_us: number;
  /** Who is signed in. */
  me: Me;
};

/** Orders of the list of tags. */
export type Sort = 'path' | '-path' | 'name' | '-name' | 'device' | '-device' | 'quality' | '-quality';

/** Orders of the overview. */
export type Sort2 = 'path' | 'completeness' | 'gaps' | 'violations';

/** A span around a line. */
export type SpanContext = {
  /** Its fields. */
  fields: Record<string, unknown>;
  /** Name of the span. */
  name: string;
};

/** An alarm that nobody brings to an end. */
export type StaleAlarm = {
  /** The alarm. */
  alarm: ObjectId;
  /** Since when it has been active, microseconds since 1970-01-01 UTC. */
  since_us: number;
};

/** All that the journal says of an alarm: enough to go on after a restart. */
export type Standing = {
  /** The event that was acknowledged last: who asks again is not told that it is unknown. */
  acknowledged: EventId | null;
  /** Whether the condition held when it was last judged, after its delays; it is judged in */
  active: boolean;
  /** What the alarm asks attention for; nothing in the states A, G, H and I. */
  event: Event | null;
  /** Whether a latch waits in the states G, H and I: it returns latched, not normal. */
  latch_kept: boolean;
  /** Whether it is out of service: state I. */
  out_of_service: boolean;
  /** The shelf, in state G and beneath H and I. */
  shelf: Shelf | null;
  /** When the last transition was, microseconds since 1970-01-01 UTC. */
  since_us: number;
  /** The state. */
  state: State;
  /** Whether it is suppressed by design, in state H and beneath I. */
  suppressed: boolean;
};

/** The states of an alarm after ISA-18.2, each with the letter of its diagram. */
export type State = 'normal' | 'unacknowledged' | 'acknowledged' | 'returned_unacknowledged' | 'latched_unacknowledged' | 'latched_acknowledged' | 'shelved' | 'suppressed' | 'out_of_service';

/** Options of types that show states. */
export type StateOptions = {
  /** Whether 0 and false are the running state of values without a row. */
  invert?: boolean;
  /** What values mean; the first row that fits counts. */
  rows?: (StateRow)[];
};

/** What a value or a range of them means. */
export type StateRow = {
  /** Priority whose colour it has, 1 to 4; it is normal when absent. */
  severity?: Priority | null;
  /** The symbol. */
  symbol?: StateSymbol;
  /** The word shown; the value when empty. */
  text?: string;
  /** Upper end of a range of numbers, part of it. */
  up_to?: number | null;
  /** The value, or the lower end of the range. */
  value: boolean | number | string;
};

/** Symbols of states. */
export type StateSymbol = 'filled' | 'outline' | 'cross' | 'warning' | 'wait' | 'hand' | 'up' | 'down';

/** Figures of the system at one instant. */
export type Stats = {
  /** The hub and what it stores. */
  hub: HubStats;
  /** Who looks at it. */
  live: LiveStats;
};

/** What one edit does. */
export type Step = {
  /** What happens. */
  action: Doing;
  /** The fields that change; none of what is made or deleted. */
  changes?: (FieldChange)[];
  /** Kind of the object. */
  kind: Kind;
  /** Its name; of assets and tags the path. */
  name: string;
};

/** The width of an interval. */
export type StepInput = number | string;

/** What is stored and how it is kept in order. */
export type Storage = {
  /** What waits to be stored, and what could not be. */
  backlog: Backlog;
  /** The data directory. */
  directory: string;
  /** The disk of the data directory; null where the system does not tell. */
  disk: DiskSpace | null;
  /** When the disk will be full. */
  forecast: Forecast;
  /** What becomes of samples when the disk is full. */
  full_disk: FullDisk;
  /** How full the disk is. */
  level: DiskLevel;
  /** Since when it is so full. */
  level_since_us: number | null;
  /** When it was measured, microseconds since 1970-01-01 UTC; null before the first time. */
  measured_us: number | null;
  /** What takes room in the data directory, largest first. */
  parts: (DataPart)[];
  /** Most bytes of the historian's files; null for no bound. */
  size_max_bytes: number | null;
  /** What each tier of the historian takes, finest first. */
  tiers: (TierSize)[];
  /** What the housekeeper did. */
  upkeep: UpkeepStatus;
  /** How much of the disk is taken, in per cent. */
  used_percent: number | null;
};

/** Which device to read. */
export type SunSpecBody = {
  /** Whether points become tags of which the device says at present that it has none. */
  keep_absent?: boolean;
  /** The link. */
  line: LineBodyInput;
  /** Name of the template; that of maker and type when absent. */
  name?: string | null;
  /** The unit; some makers use another one for SunSpec than else. */
  unit_id?: number;
};

/** Something that happened to the system. */
export type SystemEvent = {
  /** How many times it happened. */
  count: number;
  /** Grows with each event. */
  id: number;
  /** What it is about. */
  kind: EventKind;
  /** When it happened last; later than `time_us` only when it repeats. */
  last_us: number;
  /** What happened and what can be done about it. */
  message: string;
  /** How much it matters. */
  severity: Severity;
  /** What it happened to: the data directory, the path of a tag, the name of a device. */
  subject: string;
  /** When it happened first, microseconds since 1970-01-01 UTC. */
  time_us: number;
};

/** One of the four tables of a device; each has the addresses 0 to 65535. */
export type Table = 'coil' | 'discrete' | 'input' | 'holding';

/** Columns of a table of tags. */
export type TableColumn = 'name' | 'path' | 'device' | 'value' | 'quality' | 'age' | 'alarm';

/** Formats of a tag table. */
export type TableFormat = 'csv' | 'xlsx';

/** Options of a table of tags. */
export type TableOptions = {
  /** Its columns from left to right, each once. */
  columns: (TableColumn)[];
  /** Whether the order is turned round. */
  descending?: boolean;
  /** The column it is ordered by when it opens. */
  sort?: TableColumn;
};

/** Options of a table of tags. */
export type TableOptionsInput = {
  /** Its columns from left to right, each once. */
  columns?: (TableColumn)[];
  /** Whether the order is turned round. */
  descending?: boolean;
  /** The column it is ordered by when it opens. */
  sort?: TableColumn;
};

/** One data point of a device. */
export type Tag = {
  /** Where the device keeps it, as the protocol writes addresses, e.g. `40001` or `holding:0`; */
  address?: string;
  /** The asset that it is placed in, where that is not the place of its device: its path is */
  asset?: ObjectId | null;
  /** How the bytes are to be read. */
  data_type?: DataType;
  /** Digits behind the decimal point on screen; chosen by the value when absent. */
  decimals?: number | null;
  /** Free text. */
  description?: string;
  /** The device it belongs to. */
  device: ObjectId;
  /** Whether it is polled. */
  enabled?: boolean;
  /** What it is calculated from, instead of being read from the device, e.g. */
  formula?: string | null;
  /** Whether its samples are stored. */
  history?: boolean;
  /** Raw integers by which the device says that it has no value, e.g. 32768. */
  invalid?: (number)[];
  /** Registers of a string. */
  length?: number | null;
  /** Greatest scaled value that is plausible; above it the quality is uncertain and writes fail. */
  max?: number | null;
  /** Least scaled value that is plausible; below it the quality is uncertain and writes fail. */
  min?: number | null;
  /** Last segment of its path, unique within the device. */
  name: TagName;
  /** Summand of `raw * scale + offset`. */
  offset?: number;
  /** Order of the bytes; the device's order when absent. */
  order?: ByteOrder | null;
  /** Time between polls in milliseconds; the device's period when absent. A formula without it */
  period_ms?: number | null;
  /** Factor of `raw * scale + offset`. */
  scale?: number;
  /** Unit of the scaled value, e.g. `°C`. */
  unit?: string;
  /** What of its samples is plausible, beyond its range. */
  validation?: TagValidation;
  /** Whether it may be written. */
  writable?: boolean;
};

/** A tag at the instants. */
export type TagAtTime = {
  /** The first sample after each instant, when asked for. */
  after: (Neighbour | null)[];
  /** The last sample at or before each instant, when asked for. */
  before: (Neighbour | null)[];
  /** Its path. */
  path: string;
  /** OPC UA status codes with information bits. */
  statuses: (number)[];
  /** Id of the tag. */
  tag: ObjectId;
  /** Times, microseconds since 1970-01-01 UTC. */
  times_us: (number)[];
  /** Unit of its numbers. */
  unit: string;
  /** Values; null where the status is bad. */
  values: (Value | null)[];
};

/** The aggregates of a tag. */
export type TagColumns = {
  /** The aggregates in the order asked for. */
  columns: (Column)[];
  /** Its path. */
  path: string;
  /** Id of the tag. */
  tag: ObjectId;
  /** Unit of its numbers. */
  unit: string;
};

/** Tags chosen by what they are instead of one by one; all that is given must fit. */
export type TagFilter = {
  /** Only tags of this asset and of those below it. */
  asset?: ObjectId | null;
  /** Only tags of this group and of its devices. */
  group?: ObjectId | null;
  /** Paths of the tags: `*` within a segment, `**` for any depth. */
  pattern?: string | null;
};

/** A tag and its present value. */
export type TagItem = {
  /** Where the device keeps it, as the protocol writes addresses, e.g. `40001` or `holding:0`; */
  address: string;
  /** The asset that it is placed in, where that is not the place of its device: its path is */
  asset?: ObjectId | null;
  /** Its last sample; null before there is one. */
  current: Current | null;
  /** How the bytes are to be read. */
  data_type: DataType;
  /** Digits behind the decimal point on screen; chosen by the value when absent. */
  decimals?: number | null;
  /** Free text. */
  description?: string;
  /** The device it belongs to. */
  device: ObjectId;
  /** Name of its device. */
  device_name: string;
  /** Whether it is polled. */
  enabled?: boolean;
  /** What it is calculated from, instead of being read from the device, e.g. */
  formula?: string | null;
  /** Whether its samples are stored. */
  history?: boolean;
  /** Lasting identity. */
  id: ObjectId;
  /** Number under which its values come over the WebSocket. */
  index: number;
  /** Raw integers by which the device says that it has no value, e.g. 32768. */
  invalid?: (number)[];
  /** Registers of a string. */
  length?: number | null;
  /** Greatest scaled value that is plausible; above it the quality is uncertain and writes fail. */
  max?: number | null;
  /** Least scaled value that is plausible; below it the quality is uncertain and writes fail. */
  min?: number | null;
  /** Last segment of its path, unique within the device. */
  name: TagName;
  /** Summand of `raw * scale + offset`. */
  offset?: number;
  /** Order of the bytes; the device's order when absent. */
  order?: ByteOrder | null;
  /** Unique name: the path of its asset or device, and its own name. */
  path: string;
  /** Time between polls in milliseconds; the device's period when absent. A formula without it */
  period_ms?: number | null;
  /** Milliseconds between two polls: its own, or those of its device; 0 for a formula that is */
  poll_ms: number;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Factor of `raw * scale + offset`. */
  scale?: number;
  /** Unit of the scaled value, e.g. `°C`. */
  unit?: string;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
  /** What of its samples is plausible, beyond its range. */
  validation?: TagValidation;
  /** Whether it may be written. */
  writable?: boolean;
};

/** The line of a tag. */
export type TagLine = {
  /** Its path. */
  path: string;
  /** Id of the tag. */
  tag: ObjectId;
  /** Times, microseconds since 1970-01-01 UTC. */
  times_us: (number)[];
  /** Unit of its numbers. */
  unit: string;
  /** Values; null where the line is broken. */
  values: (Value | null)[];
  /** Worst class of quality in the pixel column. */
  worst: (QualityClass)[];
};

/** one segment of a tag path: 1 to 128 bytes without `/ + # $ *`, control characters or outer blanks */
export type TagName = string;

/** 1 to 16 segments joined by `/`; a segment is 1 to 128 bytes without `/ + # $ *`, control characters or outer blanks */
export type TagPath = string;

/** A tag that was made with others. */
export type TagRef = {
  /** Lasting identity. */
  id: ObjectId;
  /** Number under which its values come over the WebSocket. */
  index: number;
  /** Unique name. */
  path: string;
  /** Revision, 1 for a new tag. */
  revision: number;
};

/** A tag and its samples. */
export type TagSamples = {
  /** Its path. */
  path: string;
  /** OPC UA status codes with information bits. */
  statuses: (number)[];
  /** Id of the tag. */
  tag: ObjectId;
  /** Times, microseconds since 1970-01-01 UTC. */
  times_us: (number)[];
  /** Unit of its numbers. */
  unit: string;
  /** Values; null where the status is bad. */
  values: (Value | null)[];
};

/** What of a tag's samples is plausible, beyond its range `min` to `max`. */
export type TagValidation = {
  /** Whether the source sends a sample only when the value changes: then a pause is no gap. */
  by_exception?: boolean;
  /** Milliseconds between two samples as the source sends them; the time between polls when */
  expected_period_ms?: number | null;
  /** Seconds after which a value that does not change counts as frozen. */
  freeze_s?: number | null;
  /** Greatest change per second, in the unit of the tag. */
  max_rate_per_s?: number | null;
  /** Greatest difference between two samples, in the unit of the tag; a sample further away is */
  max_step?: number | null;
};

/** What is wrong with the samples of a tag. */
export type TagValidationReport = {
  /** The clock of the device against the hub's; null before its first sample. */
  clock: ClockSkew | null;
  /** Parts of files that could not be read: what they held is missing here. */
  damaged: number;
  /** What was expected. */
  expectation: Expected;
  /** How many gaps there are. */
  gap_count: number;
  /** The longest gaps, longest first, at most 100. */
  gaps: (Gap)[];
  /** The tag. */
  id: ObjectId;
  /** What was odd about samples as they came. */
  live: Live;
  /** Its path. */
  path: string;
  /** The periods asked for, oldest first; empty when none were. */
  periods: (Finding2)[];
  /** The whole range. It begins no earlier than the tag, nor than raw samples are kept. */
  total: Finding2;
};

/** What was made. */
export type TagsMade = TagItem | {
  /** The tags in the order of the request. */
  items: (TagRef)[];
};

/** How a target of a route does; routes that write the same tag share its queue. */
export type TargetStatus = {
  /** Whether the last try failed. */
  is_failing: boolean;
  /** Its kind and where it is. */
  target: string;
  /** Deliveries that wait. */
  waiting: number;
};

/** What all devices of a type have in common: their tags, how they are asked, what is shown. */
export type Template = {
  /** Its alarms: each an alarm whose `tag`, and tags that are limits, are names of tags of the */
  alarms?: (unknown)[];
  /** The template whose parameters, settings and tags it has too, unless it has its own of the */
  base?: ObjectId | null;
  /** Free text. */
  description?: string;
  /** Type of the device. */
  model?: string;
  /** Name on screen, unique among templates. */
  name: string;
  /** What is told when a device is made. */
  parameters?: (TemplateParameterInput)[];
  /** Time between polls of its devices, in milliseconds. */
  period_ms?: number | null;
  /** The protocol of connections that its devices can be behind. */
  protocol: string;
  /** Settings of its devices, as the protocol understands them. */
  settings?: unknown;
  /** Where its contents are from, e.g. title and edition of a manual. */
  source?: string;
  /** Its tags: each a tag without device. */
  tags?: (unknown)[];
  /** Who makes the device. */
  vendor?: string;
  /** Version of the template, e.g. `1.2`; devices remember which one made them. */
  version: string;
  /** Tiles that a dashboard of its devices has: each a widget whose bindings name tags of the */
  widgets?: (unknown)[];
};

/** A template and its use. */
export type TemplateItem = {
  /** Its alarms: each an alarm whose `tag`, and tags that are limits, are names of tags of the */
  alarms?: (unknown)[];
  /** The template whose parameters, settings and tags it has too, unless it has its own of the */
  base?: ObjectId | null;
  /** Free text. */
  description?: string;
  /** How many devices were made of it. */
  device_count: number;
  /** Lasting identity. */
  id: ObjectId;
  /** Type of the device. */
  model?: string;
  /** Name on screen, unique among templates. */
  name: string;
  /** What is told when a device is made. */
  parameters?: (TemplateParameter)[];
  /** Time between polls of its devices, in milliseconds. */
  period_ms?: number | null;
  /** The protocol of connections that its devices can be behind. */
  protocol: string;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Settings of its devices, as the protocol understands them. */
  settings?: unknown;
  /** Where its contents are from, e.g. title and edition of a manual. */
  source?: string;
  /** Its tags: each a tag without device. */
  tags?: (unknown)[];
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
  /** Who makes the device. */
  vendor?: string;
  /** Version of the template, e.g. `1.2`; devices remember which one made them. */
  version: string;
  /** Tiles that a dashboard of its devices has: each a widget whose bindings name tags of the */
  widgets?: (unknown)[];
};

/** Something that is told when a device is made of a template. */
export type TemplateParameter = {
  /** The value of who tells none; without one it must be told. */
  default?: unknown;
  /** What it means. */
  description?: string;
  /** Greatest number. */
  max?: number | null;
  /** Least number. */
  min?: number | null;
  /** How the template refers to it: letters, digits and `_`. */
  name: string;
  /** Of which type its values are. */
  type: ParameterType;
};

/** Something that is told when a device is made of a template. */
export type TemplateParameterInput = {
  /** The value of who tells none; without one it must be told. */
  default?: unknown;
  /** What it means. */
  description?: string;
  /** Greatest number. */
  max?: number | null;
  /** Least number. */
  min?: number | null;
  /** How the template refers to it: letters, digits and `_`. */
  name: string;
  /** Of which type its values are. */
  type?: ParameterType;
};

/** The template that a device was made of. */
export type TemplateUse = {
  /** The template. */
  id: ObjectId;
  /** The values of its parameters. */
  parameters?: unknown;
  /** The version that was applied last. */
  version: string;
};

/** Unsaved settings to be tried. */
export type TestBody = {
  /** The connection to be tried. */
  connection: Connection;
  /** A device behind it that is to answer; its `connection` may be any id. */
  device?: Device | null;
};

/** A route to be tested. */
export type TestBody2 = {
  /** Time after the samples, microseconds since 1970-01-01 UTC; now when absent. At most a week */
  end_us?: number | null;
  /** A route that is stored. */
  id?: ObjectId | null;
  /** A route that need not be stored; one of the two is needed. */
  route?: Route | null;
  /** First time of the samples, microseconds since 1970-01-01 UTC; an hour before the end when */
  start_us?: number | null;
};

/** Who gets a test. */
export type TestBody3 = {
  /** Who gets it by e-mail; the first address of the channel when absent. */
  person?: PersonInput | null;
};

/** The outcome of a test. */
export type TestOutcome = {
  /** Time until the link was open, microseconds. */
  connect_us: number | null;
  /** What was sent and received. */
  exchange: (string)[];
  /** What happened, with the remedy when it failed. */
  message: string;
  /** Whether the link opened and, when a device was given, the device answered. */
  ok: boolean;
  /** Round trip of the first answer, microseconds. */
  round_trip_us: number | null;
};

/** What came of a test. */
export type TestOutcome2 = {
  /** What came back, or why it could not be sent. */
  answer: string;
  /** Whether it was taken. */
  is_sent: boolean;
};

/** A text and its translation. */
export type TextItem = {
  /** The text as it was written. */
  text: string;
  /** What it is in the language; null when it has no word in its dictionary. */
  translation: string | null;
  /** The kinds of objects that have it; empty when none has it any more. */
  used_by: (Kind)[];
};

/** Size of a number on a tile. */
export type TextSize = 'fit' | 's' | 'm' | 'l' | 'xl';

/** A page of the texts of the plant and of the words of a dictionary. */
export type Texts = {
  /** How many different texts the plant has. */
  count: number;
  /** The items. */
  items: (TextItem)[];
  /** `cursor` of the next page; null after the last. */
  next_cursor: string | null;
  /** Items of all pages. */
  total: number;
  /** How many of them have a translation. */
  translated: number;
};

/** What a tier takes. */
export type TierSize = {
  /** Its bytes. */
  bytes: number;
  /** Mean bytes of a day that is over, by the last seven such days; 0 before the first. */
  bytes_per_day: number;
  /** Days that it is kept, in the mean of all tags; null when some keep it for ever. */
  days: number | null;
  /** Its files. */
  files: number;
  /** End of its newest day. */
  newest_us: number | null;
  /** Start of its oldest day, microseconds since 1970-01-01 UTC; null when it is empty. */
  oldest_us: number | null;
  /** Its samples or rows. */
  rows: number;
  /** `raw`, `minute`, `five_minutes`, `hour`, `day` or `week`. */
  tier: string;
};

/** How times are written. */
export type TimeFormat = 'iso' | 'day_first' | 'month_first' | 'epoch_s' | 'epoch_ms' | 'epoch_us' | 'epoch_ns' | 'excel';

/** How times are written. */
export type TimeStyle = 'iso' | 'plain' | 'micros';

/** A token as its owner may see it; the secret itself was shown once. */
export type Token = {
  /** When it was made, microseconds since 1970-01-01 UTC. */
  created_us: number;
  /** When it ends; null for never. */
  expires_us: number | null;
  /** Lasting identity. */
  id: string;
  /** What it is for. */
  kind: TokenKind;
  /** What people call it. */
  name: string;
  /** The tags that it sees; null for all. */
  read: Scope | null;
  /** What it may do at most; never more than its account may at the moment. */
  role: Role;
  /** When it was used last. */
  used_us: number | null;
  /** The account in whose name it acts. */
  user: string;
  /** The tags that it may write; null for all that its account may write. */
  write: Scope | null;
};

/** What a token is for. */
export type TokenKind = 'program' | 'kiosk';

/** A token that was made. */
export type TokenMade = {
  /** When it was made, microseconds since 1970-01-01 UTC. */
  created_us: number;
  /** When it ends; null for never. */
  expires_us: number | null;
  /** Lasting identity. */
  id: string;
  /** What it is for. */
  kind: TokenKind;
  /** What people call it. */
  name: string;
  /** The tags that it sees; null for all. */
  read: Scope | null;
  /** What it may do at most; never more than its account may at the moment. */
  role: Role;
  /** The secret, shown this once. */
  secret: string;
  /** When it was used last. */
  used_us: number | null;
  /** The account in whose name it acts. */
  user: string;
  /** The tags that it may write; null for all that its account may write. */
  write: Scope | null;
};

/** Tokens. */
export type Tokens = {
  /** The oldest first. */
  items: (Token)[];
};

/** Proof that the app has the secret. */
export type TotpBody = {
  /** The code that the app shows. */
  code: string;
  /** The present password. */
  password: string;
  /** The secret that was offered. */
  secret: string;
};

/** A secret for an authenticator app, which counts once a code of it is sent back. */
export type TotpOffer = {
  /** The secret as people type it. */
  secret: string;
  /** The same as apps read it from a QR code. */
  url: string;
};

/** One step of an alarm, as it goes to the journal. */
export type Transition = {
  /** All that is known of the alarm afterwards. */
  after: Standing;
  /** Who did it; nobody when the machine did. */
  by?: By | null;
  /** Why. */
  cause: Cause;
  /** The event that began, went on or ended by it. */
  event: Event | null;
  /** The state before. */
  from: State;
  /** When, microseconds since 1970-01-01 UTC; never before the one before. */
  time_us: number;
  /** The state afterwards; the same when the condition changed in a hidden state, and when an */
  to: State;
};

/** How a widget shows history. */
export type Trend = {
  /** How points of a step become one. */
  aggregation: Aggregation;
  /** Whether a value or gauge draws a small trend too; charts always do. */
  enabled: boolean;
  /** Time shown, in minutes. */
  range_min: number;
  /** Time between points in seconds; range over width when absent. */
  step_secs?: number | null;
};

/** History of a tag. */
export type TrendData = {
  /** Width of a bucket; null with `raw`. */
  bucket_us: number | null;
  /** What the entries of a row are: `time_us`, `min`, `max`, `mean`, `count`, `bad` of a bucket */
  columns: (string)[];
  /** First instant after the range. */
  end_us: number;
  /** Its path. */
  path: string;
  /** Rows in order of time; empty buckets are left out. */
  rows: ((Value | null)[])[];
  /** First instant of the range. */
  start_us: number;
  /** The tag. */
  tag: ObjectId;
  /** Whether there are more samples in the range than `limit`. */
  truncated: boolean;
  /** Unit of the numbers. */
  unit: string;
};

/** How a widget shows history. */
export type TrendInput = {
  /** How points of a step become one. */
  aggregation?: Aggregation;
  /** Whether a value or gauge draws a small trend too; charts always do. */
  enabled?: boolean;
  /** Time shown, in minutes. */
  range_min?: number;
  /** Time between points in seconds; range over width when absent. */
  step_secs?: number | null;
};

/** What a route would have done. */
export type Trial = {
  /** What would have been held back, by the rule. */
  held: Record<string, number>;
  /** Whether there were more samples than are read at once: the newest are left out. */
  is_cut: boolean;
  /** What would have gone on. */
  passed: number;
  /** What became of each sample, oldest first; the first thousand. */
  rows: (TrialRow)[];
  /** Samples that went through the route. */
  samples: number;
  /** Tags that the route takes samples of. */
  tags: number;
  /** Tags whose history was read: the first 200 by path. */
  tags_read: number;
};

/** What became of one sample. */
export type TrialRow = {
  /** What went wrong in an expression. */
  fault: string | null;
  /** What would have held it back. */
  held: Hold | null;
  /** Whether it would have gone on. */
  passed: boolean;
  /** Path of its tag. */
  path: string;
  /** Status code of its quality. */
  quality: Quality;
  /** What would have gone on; null when the sample did not come so far. */
  result: Value | null;
  /** Time of the sample, microseconds since 1970-01-01 UTC. */
  time_us: number;
  /** Its value; null when it was bad. */
  value: Value | null;
};

/** A test write that takes another one back. */
export type Undo = {
  address: string;
  confirm: boolean;
  expect: number | null;
  line: LineBody;
  multiple: boolean;
  unit_id: number;
  value: number;
};

/** Which units to look for. */
export type UnitsBody = {
  /** First unit id. */
  first?: number;
  /** Last unit id. */
  last?: number;
  /** The link. */
  line: LineBodyInput;
  /** Times a silent unit is asked again. */
  retries?: number;
};

/** A tag of the file that does not exist. */
export type UnknownTag = {
  /** Its name in the file. */
  name: string;
  /** The path it stands for. */
  path: string;
  /** Samples of it in the file. */
  samples: number;
};

/** What becomes of rows whose tag does not exist. */
export type UnknownTags = 'refuse' | 'skip';

/** What the housekeeper did with what is stored. */
export type UpkeepStatus = {
  /** What was due in the last round and could not be done, and why. */
  held: string | null;
  /** What the last round did. */
  last: UpkeepWork;
  /** How long the last round took, milliseconds. */
  last_ms: number;
  /** When the last round began, microseconds since 1970-01-01 UTC; null before the first. */
  last_us: number | null;
  /** Rounds since the hub started. */
  rounds: number;
  /** What all rounds did since the hub started. */
  total: UpkeepWork;
};

/** Work of the upkeep. */
export type UpkeepWork = {
  /** Days whose files were joined to one. */
  compacted_days: number;
  /** Files that went because of their age or the bound of the size. */
  dropped_files: number;
  /** Samples in them. */
  dropped_samples: number;
  /** Bytes given back to the disk. */
  freed_bytes: number;
  /** Days whose roll-ups were made or made again. */
  rolled_up_days: number;
};

/** An account as others may see it. */
export type User = {
  /** When the account was made, microseconds since 1970-01-01 UTC. */
  created_us: number;
  /** Name of the person, empty for none. */
  full_name: string;
  /** Whether signing in needs a one-time password too. */
  has_totp: boolean;
  /** Lasting identity. */
  id: string;
  /** Whether the person cannot sign in. */
  is_disabled: boolean;
  /** Whether the person has to choose a new password first. */
  must_change_password: boolean;
  /** The name to sign in with, unique in whatever case. */
  name: string;
  /** What the person may do. */
  role: Role;
  /** When the person signed in last. */
  signed_in_us: number | null;
  /** The tags that the person may write; null for all that the role may write. */
  write: Scope | null;
};

/** What is to be changed about an account; what is absent stays. */
export type UserChange = {
  /** Name of the person. */
  full_name?: string | null;
  /** Whether the person cannot sign in. */
  is_disabled?: boolean | null;
  /** What the person may do. */
  role?: Role | null;
  /** The tags that the person may write; null for all that the role may write. */
  write?: Scope | null;
};

/** A tag in the overview. */
export type ValidationItem = {
  /** Bad samples: beginnings of bad states. */
  bad: number;
  /** Time in bad states, microseconds. */
  bad_us: number;
  /** Whether its source sends only changes. */
  by_exception: boolean;
  /** Share of the expected samples that is there, 0 to 1; null when none are expected. */
  completeness: number | null;
  /** End. */
  end_us: number;
  /** Samples that were expected; null when no period is known. */
  expected: number | null;
  /** Samples of a value that does not change. */
  frozen: number;
  /** Time in gaps, microseconds. */
  gap_us: number;
  /** Gaps that begin in the span or reach into it. */
  gaps: number;
  /** The tag. */
  id: ObjectId;
  /** Samples outside the range of the tag. */
  out_of_range: number;
  /** Time out of service, microseconds. */
  out_of_service_us: number;
  /** Its path. */
  path: string;
  /** Samples that the source has sent. */
  samples: number;
  /** Samples too far from the one before. */
  spikes: number;
  /** Start, microseconds since 1970-01-01 UTC. */
  start_us: number;
  /** Source samples with an uncertain quality, those above included. */
  uncertain: number;
  /** Samples that were odd as they came, since the hub started. */
  violations: number;
};

/** true or false, a finite number or a text; bytes are hexadecimal text */
export type Value = boolean | number | string;

/** What kind of value stands somewhere, as far as it is known before evaluation. */
export type ValueKind = 'bool' | 'int' | 'float' | 'number' | 'text' | 'duration' | 'any';

/** Options of a value. */
export type ValueOptions = {
  /** Whether an arrow shows how fast it rises or falls. */
  rate?: boolean;
  /** Whether it has a button to write the tag, for those who may. */
  write?: boolean;
};

/** What is to be expected of the disk. */
export type Verdict = 'unknown' | 'still' | 'fits' | 'fills';

/** One sample that was not as it should be. */
export type Violation = {
  /** How. */
  kind: ViolationKind;
  /** When it came, microseconds since 1970-01-01 UTC. */
  received_us: number;
  /** The time that the sample says, microseconds since 1970-01-01 UTC. */
  time_us: number;
  /** The value in engineering units, if it has one. */
  value: Value | null;
};

/** Samples of a tag that were not as they should be, since the hub started. */
export type ViolationCounts = {
  /** The same time as the one before and another value. */
  conflict: number;
  /** The same time and value as the one before. */
  duplicate: number;
  /** Unchanged for too long. */
  frozen: number;
  /** Too far in the future, not stored. */
  future: number;
  /** Not a number, infinite, or marked as invalid. */
  invalid: number;
  /** Older than the one before. */
  out_of_order: number;
  /** Outside `min` to `max`. */
  out_of_range: number;
  /** Too far in the past, not stored. */
  past: number;
  /** Too far from the one before. */
  spike: number;
  /** Of another kind than the tag's data type. */
  wrong_type: number;
};

/** How a sample is not as it should be. */
export type ViolationKind = 'out_of_range' | 'spike' | 'frozen' | 'duplicate' | 'conflict' | 'out_of_order' | 'future' | 'past' | 'invalid' | 'wrong_type';

/** Which lines are to be made. */
export type WantedLevels = {
  /** `error`, `warn`, `info`, `debug` or `trace`, also per part of the program: */
  levels: string;
};

/** The way from the target of a route back to its source. */
export type WayBack = {
  /** What becomes of the value on its way back: the inverse of the transform. */
  transform?: string;
};

/** A request to a web server. Address and headers may hold `${secret:name}`. */
export type Webhook = {
  /** The body, with placeholders such as `{title}` and `{text}`. */
  body: string;
  /** What the body is; what placeholders stand for is written as JSON strings need it. */
  body_type: BodyType;
  /** Further headers. */
  headers?: Record<string, string>;
  /** How it is sent. */
  method: WebhookMethod;
  /** Where to: `http://` or `https://`, without a user or password. */
  url: string;
};

/** The method of a request. */
export type WebhookMethod = 'POST' | 'PUT';

/** A day of the week. */
export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** Which alarms are looked for, by what is asked of the operator. */
export type Which = 'open' | 'active' | 'unacknowledged' | 'shelved' | 'suppressed' | 'out_of_service' | 'hidden' | 'all';

/** A dictionary with its texts. */
export type WholeDictionary = {
  /** Lasting identity. */
  id: ObjectId;
  /** The language, e.g. `de` or `zh-CN`, which is the name of the dictionary: upper and lower */
  language: string;
  /** Counts the changes of the object, from 1. */
  revision: number;
  /** Time of the last change, microseconds since 1970-01-01 UTC. */
  updated_us: number;
  /** The texts: as they were written, and in this language. */
  words?: Record<string, string>;
};

/** One tile of a dashboard on a grid of 12 columns. */
export type Widget = {
  /** Options of a list of alarms. */
  alarm_list?: AlarmListOptions;
  /** The value axis of a chart or gauge. */
  axis: Axis;
  /** Options of bars. */
  bars?: BarOptions;
  /** The tags it shows: 1 to 8; a state timeline up to 16, an image up to 64, a table and a */
  bindings: (Binding)[];
  /** Options of a button. */
  button?: ButtonOptions;
  /** Options of a line chart. */
  chart?: ChartOptions;
  /** Text of a text widget, or the tooltip of another. */
  description?: string;
  /** Further tags of a table or status grid. */
  filter?: TagFilter;
  /** How numbers are shown. */
  format: Format;
  /** Options of a frame. */
  frame?: FrameOptions;
  /** Options of a gauge. */
  gauge?: GaugeOptions;
  /** Rows of 64 pixels and a gap of 8, 1 to 24. */
  h: number;
  /** Options of an image. */
  image?: ImageOptions;
  /** Limits that colour it. */
  limits?: WidgetLimits;
  /** Page of this hub that its title opens, e.g. `/alarms`; what is known of its first tag when */
  link?: string;
  /** Roles that are shown the tile; all when empty. It keeps a page tidy and no secret: who may */
  roles?: (Role)[];
  /** Options of a setpoint. */
  setpoint?: SetpointOptions;
  /** Whether a chart names its pens. */
  show_legend: boolean;
  /** Whether marks of uncertain and late values are shown; bad and stale ones always are. */
  show_quality?: boolean;
  /** Options of a status, a status grid and a state timeline. */
  states?: StateOptions;
  /** Options of a table. */
  table?: TableOptions;
  /** Title; the tag's name when empty. */
  title: string;
  /** How history is shown. */
  trend: Trend;
  /** What it shows its tags as. */
  type: WidgetType;
  /** Options of a value. */
  value?: ValueOptions;
  /** Columns, 1 to 12. */
  w: number;
  /** Left column, 0 to 11. */
  x: number;
  /** Top row within the group. */
  y: number;
};

/** A titled row block of a dashboard. */
export type WidgetGroup = {
  /** Whether the block is folded when the page opens. */
  collapsed: boolean;
  /** Free text. */
  description?: string;
  /** Title on screen. */
  name: string;
  /** Tiles of the block. */
  widgets: (Widget)[];
};

/** A titled row block of a dashboard. */
export type WidgetGroupInput = {
  /** Whether the block is folded when the page opens. */
  collapsed?: boolean;
  /** Free text. */
  description?: string;
  /** Title on screen. */
  name: string;
  /** Tiles of the block. */
  widgets?: (WidgetInput)[];
};

/** One tile of a dashboard on a grid of 12 columns. */
export type WidgetInput = {
  /** Options of a list of alarms. */
  alarm_list?: AlarmListOptionsInput;
  /** The value axis of a chart or gauge. */
  axis?: AxisInput;
  /** Options of bars. */
  bars?: BarOptions;
  /** The tags it shows: 1 to 8; a state timeline up to 16, an image up to 64, a table and a */
  bindings?: (Binding)[];
  /** Options of a button. */
  button?: ButtonOptions;
  /** Options of a line chart. */
  chart?: ChartOptionsInput;
  /** Text of a text widget, or the tooltip of another. */
  description?: string;
  /** Further tags of a table or status grid. */
  filter?: TagFilter;
  /** How numbers are shown. */
  format?: FormatInput;
  /** Options of a frame. */
  frame?: FrameOptions;
  /** Options of a gauge. */
  gauge?: GaugeOptions;
  /** Rows of 64 pixels and a gap of 8, 1 to 24. */
  h: number;
  /** Options of an image. */
  image?: ImageOptions;
  /** Limits that colour it. */
  limits?: WidgetLimits;
  /** Page of this hub that its title opens, e.g. `/alarms`; what is known of its first tag when */
  link?: string;
  /** Roles that are shown the tile; all when empty. It keeps a page tidy and no secret: who may */
  roles?: (Role)[];
  /** Options of a setpoint. */
  setpoint?: SetpointOptions;
  /** Whether a chart names its pens. */
  show_legend?: boolean;
  /** Whether marks of uncertain and late values are shown; bad and stale ones always are. */
  show_quality?: boolean;
  /** Options of a status, a status grid and a state timeline. */
  states?: StateOptions;
  /** Options of a table. */
  table?: TableOptionsInput;
  /** Title; the tag's name when empty. */
  title?: string;
  /** How history is shown. */
  trend?: TrendInput;
  /** What it shows its tags as. */
  type: WidgetType;
  /** Options of a value. */
  value?: ValueOptions;
  /** Columns, 1 to 12. */
  w: number;
  /** Left column, 0 to 11. */
  x: number;
  /** Top row within the group. */
  y: number;
};

/** Limits that colour a value, a gauge or a chart. */
export type WidgetLimits = {
  /** Own limit above, in the unit of the tag. */
  high?: number | null;
  /** Own limit far above, in the unit of the tag. */
  high_high?: number | null;
  /** Own limit below, in the unit of the tag. */
  low?: number | null;
  /** Own limit far below, in the unit of the tag. */
  low_low?: number | null;
  /** Where they come from. */
  source?: LimitSource;
};

/** The types of widgets. */
export type WidgetType = 'value' | 'gauge' | 'line' | 'bar' | 'status' | 'text' | 'status_grid' | 'state_timeline' | 'table' | 'alarm_list' | 'setpoint' | 'button' | 'image' | 'frame';

/** What is made of the samples of a window. */
export type WindowFunction = 'avg' | 'min' | 'max' | 'sum' | 'count' | 'last';

/** One frame. */
export type WireFrame = {
  /** The frame in hexadecimal digits. */
  bytes: string;
  /** `sent` to the device or `received` from it. */
  direction: string;
  /** What became of it. */
  note: string;
  /** When, microseconds since 1970-01-01 UTC. */
  time_us: number;
};

/** Frames as they were on the wire. */
export type WireFrames = {
  /** Whether frames are kept. */
  enabled: boolean;
  /** The newest frames, oldest first; at most 1000. */
  entries: (WireFrame)[];
};

/** Whether frames are to be kept. */
export type WireSwitch = {
  /** True to keep frames, false to forget them. */
  enabled: boolean;
};

/** A format, or whatever the file looks like. */
export type Wished = 'auto' | 'kepware_csv' | 'kepware_json' | 'telegraf' | 'iobroker' | 'thingsboard' | 'fuxa' | 'home_assistant' | 'modpoll' | 'routing';

/** Every text that is translated into a language, by the text as it was written. A caller who sees */
export type Words = {
  /** Messages of alarms whose rules have a translation of their own: it comes before that of */
  messages: Record<string, string>;
  /** The texts. */
  words: Record<string, string>;
};

/** What came of a test write. */
export type WriteAnswer = {
  /** What happened. */
  outcome: WriteOutcome2;
  /** The body that writes the old value back; null when nothing is to be undone. */
  undo: Undo | null;
};

/** A value to be written. */
export type WriteBody = {
  /** The value in engineering units; a text has at most 4000 characters. */
  value: boolean | number | string;
};

/** What to write as a test. */
export type WriteBody2 = {
  /** A coil or holding register, as tags write it, e.g. `HR7` or `40008`. */
  address: string;
  /** Must be true: a write may move something. */
  confirm?: boolean;
  /** Writes only when this stands there before. */
  expect?: number | null;
  /** The link. */
  line: LineBodyInput;
  /** Greatest value that may be written. */
  max?: number | null;
  /** Least value that may be written. */
  min?: number | null;
  /** Whether functions 16 and 15 are used, for devices that do not know 6 and 5. */
  multiple?: boolean;
  /** Whether the old value is written back at the end. */
  restore?: boolean;
  /** The unit. */
  unit_id?: number;
  /** 0 or 1 for a coil, -32768 to 65535 for a register. */
  value: number;
};

/** A write that reached the device. */
export type WriteOutcome = {
  /** Whether what was read back is what was written. */
  confirmed: boolean;
  /** The value that was read back, when the device could be read. */
  read_back: Value | null;
  /** When the outcome was known, microseconds since 1970-01-01 UTC. */
  time_us: number;
  /** The value that was sent, in engineering units. */
  value: Value;
};

/** What came of it. */
export type WriteOutcome2 = {
  /** Where. */
  address: Notations;
  /** Short and stable: `confirmed`, `different`, `unread`, `unexpected`, `refused`, `no_answer`, */
  code: string;
  /** Whether that is what was written. */
  confirmed: boolean;
  /** What stood there before; none when it could not be read, and then nothing was written. */
  old: number | null;
  /** What stood there afterwards. */
  read_back: number | null;
  /** What stood there after the old value was written back; none when that was not done. */
  restored: number | null;
  /** What happened, in words. */
  words: string;
  /** What was sent; none when nothing was written. */
  written: number | null;
};
