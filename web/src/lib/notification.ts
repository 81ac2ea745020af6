/** Forms of channels, rosters and policies: texts for lists, and back. */
import type {
  ChannelItem,
  ChannelPreset,
  ChannelTarget,
  Hours,
  Person,
  PolicyItem,
  RosterItem,
  Weekday,
} from './api.gen.ts';

export const WEEKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Returns the lines of a text without empty ones. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Returns `Name: value` lines as headers; a line without a colon has an empty value. */
export function headersOf(text: string): Record<string, string> {
  return Object.fromEntries(
    linesOf(text).map((line) => {
      const at = line.indexOf(':');
      return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}

export const headerLines = (headers: Record<string, string> = {}): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');

type WebhookTarget = Extract<ChannelTarget, { kind: 'webhook' }>;

export interface ChannelDraft {
  name: string;
  description: string;
  enabled: boolean;
  language: string;
  kind: ChannelTarget['kind'];
  to: string;
  method: WebhookTarget['method'];
  url: string;
  headers: string;
  body_type: WebhookTarget['body_type'];
  body: string;
}

/** Returns what the form of a channel begins with; both kinds are there to change between. */
export function channelDraft(item: ChannelItem | null): ChannelDraft {
  const target = item?.target;
  const webhook = target?.kind === 'webhook' ? target : null;
  return {
    name: item?.name ?? '',
    description: item?.description ?? '',
    enabled: item?.enabled ?? true,
    language: item?.language ?? 'en',
    kind: target?.kind ?? 'email',
    to: target?.kind === 'email' ? (target.to ?? []).join('\n') : '',
    method: webhook?.method ?? 'POST',
    url: webhook?.url ?? '',
    headers: headerLines(webhook?.headers),
    body_type: webhook?.body_type ?? 'json',
    body: webhook?.body ?? '{\n  "title": "{title}",\n  "text": "{text}"\n}',
  };
}

export function channelBody(draft: ChannelDraft): Record<string, unknown> {
  const { name, description, enabled, language } = draft;
  const target =
    draft.kind === 'email'
      ? { kind: 'email', to: linesOf(draft.to) }
      : {
          kind: 'webhook',
          method: draft.method,
          url: draft.url.trim(),
          headers: headersOf(draft.headers),
          body_type: draft.body_type,
          body: draft.body,
        };
  return { name: name.trim(), description: description.trim(), enabled, language, target };
}

/** Takes over a ready-made webhook. */
export function withPreset(draft: ChannelDraft, { webhook }: ChannelPreset): ChannelDraft {
  return {
    ...draft,
    kind: 'webhook',
    method: webhook.method,
    url: webhook.url,
    headers: headerLines(webhook.headers),
    body_type: webhook.body_type,
    body: webhook.body,
  };
}

export const freshPerson = (): Person => ({ name: '', email: '', language: 'en', account: '' });
export const freshHours = (): Hours => ({ days: [], from: '08:00', to: '16:00' });

export interface RosterDraft {
  name: string;
  description: string;
  time_zone: string;
  people: Person[];
  shifts: { people: string[]; hours: Hours; on_days_off: 'free' | 'works' | 'only' }[];
  days_off: string;
}

export function rosterDraft(item: RosterItem | null): RosterDraft {
  return {
    name: item?.name ?? '',
    description: item?.description ?? '',
    time_zone: item?.time_zone ?? '',
    people: structuredClone(item?.people ?? [freshPerson()]),
    shifts: structuredClone(item?.shifts ?? []),
    days_off: (item?.days_off ?? []).join('\n'),
  };
}

export function rosterBody(draft: RosterDraft): Record<string, unknown> {
  return {
    name: draft.name.trim(),
    description: draft.description.trim(),
    time_zone: draft.time_zone.trim(),
    people: draft.people.map(personBody),
    shifts: draft.shifts,
    days_off: linesOf(draft.days_off),
  };
}

const personBody = ({ name, email, language, account }: Person): Person => ({
  name: name.trim(),
  email: email.trim(),
  language,
  account: (account ?? '').trim(),
});

export interface StepDraft {
  after_min: number | null;
  channel: string;
  rosters: string[];
  people: Person[];
}

export interface PolicyDraft {
  name: string;
  description: string;
  enabled: boolean;
  priorities: number[];
  areas: string;
  groups: string;
  steps: StepDraft[];
  repeat_min: number | null;
  stop_when_over: boolean;
  tell_over: boolean;
  tell_acknowledged: boolean;
  group_by: PolicyItem['group_by'];
  group_s: number | null;
  digest_min: number | null;
  time_zone: string;
  hours: Hours[];
  isQuiet: boolean;
  quietHours: Hours[];
  through: number[];
}

export const freshStep = (after: number): StepDraft => ({
  after_min: after,
  channel: '',
  rosters: [],
  people: [],
});

export function policyDraft(item: PolicyItem | null): PolicyDraft {
  const quiet = item?.quiet ?? null;
  return {
    name: item?.name ?? '',
    description: item?.description ?? '',
    enabled: item?.enabled ?? true,
    priorities: item?.priorities ?? [],
    areas: (item?.areas ?? []).join('\n'),
    groups: (item?.groups ?? []).join('\n'),
    steps: item
      ? item.steps.map((step) => ({
          after_min: step.after_min,
          channel: step.channel,
          rosters: step.rosters ?? [],
          people: structuredClone(step.people ?? []),
        }))
      : [freshStep(0)],
    repeat_min: item?.repeat_min ?? null,
    stop_when_over: item?.stop_when_over ?? false,
    tell_over: item?.tell_over ?? false,
    tell_acknowledged: item?.tell_acknowledged ?? false,
    group_by: item?.group_by ?? 'policy',
    group_s: item?.group_s ?? 30,
    digest_min: item?.digest_min ?? 10,
    time_zone: item?.time_zone ?? '',
    hours: structuredClone(item?.hours ?? []),
    isQuiet: quiet !== null,
    quietHours: structuredClone(quiet?.hours ?? [{ days: [], from: '22:00', to: '06:00' }]),
    through: quiet?.through ?? [1],
  };
}

export function policyBody(draft: PolicyDraft): Record<string, unknown> {
  const { isQuiet, quietHours, through, ...rest } = draft;
  return {
    ...rest,
    name: draft.name.trim(),
    description: draft.description.trim(),
    areas: linesOf(draft.areas),
    groups: linesOf(draft.groups),
    steps: draft.steps.map(({ after_min, channel, rosters, people }) => ({
      after_min: after_min ?? 0,
      channel,
      rosters,
      people: people.map(personBody),
    })),
    repeat_min: draft.repeat_min,
    group_s: draft.group_s ?? 30,
    digest_min: draft.digest_min ?? 10,
    time_zone: draft.time_zone.trim(),
    quiet: isQuiet ? { hours: quietHours, through } : null,
  };
}
