/** Forms of routes: what is typed, and back. */
import type {
  Accept,
  BodyType,
  Hours,
  Object3 as RouteItem,
  Route,
  RouteTarget,
  WebhookMethod,
  WindowFunction,
} from './api.gen.ts';
import { headerLines, headersOf, linesOf } from './notification.ts';

export type { RouteItem };

export interface TargetDraft {
  kind: RouteTarget['kind'];
  tag: string;
  url: string;
  method: WebhookMethod;
  headers: string;
  body_type: BodyType;
  body: string;
  timeout_s: number | null;
  tries: number | null;
}

export interface RouteDraft {
  name: string;
  description: string;
  enabled: boolean;
  dry_run: boolean;
  from: string;
  except: string;
  accept: Accept;
  when: string;
  transform: string;
  window: WindowFunction | '';
  window_s: number | null;
  every_sample: boolean;
  deadband: number | null;
  min_interval_s: number | null;
  max_per_minute: number | null;
  isScheduled: boolean;
  hours: Hours;
  isBack: boolean;
  back: string;
  to: TargetDraft[];
}

export const freshTarget = (): TargetDraft => ({
  kind: 'tag',
  tag: '',
  url: '',
  method: 'POST',
  headers: '',
  body_type: 'json',
  body: '',
  timeout_s: null,
  tries: null,
});

function targetDraft(target: RouteTarget): TargetDraft {
  if (target.kind === 'tag') return { ...freshTarget(), tag: target.tag };
  return {
    kind: 'webhook',
    tag: '',
    url: target.url,
    method: target.method ?? 'POST',
    headers: headerLines(target.headers),
    body_type: target.body_type ?? 'json',
    body: target.body ?? '',
    timeout_s: target.timeout_ms / 1000,
    tries: target.tries,
  };
}

/** Returns what the form of a route begins with. */
export function routeDraft(item: RouteItem | null): RouteDraft {
  const rules = item?.rules ?? {};
  return {
    name: item?.name ?? '',
    description: item?.description ?? '',
    enabled: item?.enabled ?? true,
    dry_run: item?.dry_run ?? false,
    from: (item?.from ?? []).join('\n'),
    except: (item?.except ?? []).join('\n'),
    accept: item?.accept ?? 'usable',
    when: item?.when ?? '',
    transform: item?.transform ?? '',
    window: item?.window?.function ?? '',
    window_s: item?.window?.seconds ?? 60,
    every_sample: rules.every_sample ?? false,
    deadband: rules.deadband || null,
    min_interval_s: rules.min_interval_ms ? rules.min_interval_ms / 1000 : null,
    max_per_minute: rules.max_per_minute ?? null,
    isScheduled: Boolean(item?.schedule),
    hours: {
      days: [...(item?.schedule?.days ?? [])],
      from: item?.schedule?.from ?? '08:00',
      to: item?.schedule?.to ?? '16:00',
    },
    isBack: Boolean(item?.back),
    back: item?.back?.transform ?? '',
    to: item ? item.to.map(targetDraft) : [freshTarget()],
  };
}

const milliseconds = (seconds: number): number => Math.round(seconds * 1000);

function targetBody(draft: TargetDraft): Route['to'][number] {
  if (draft.kind === 'tag') return { kind: 'tag', tag: draft.tag };
  return {
    kind: 'webhook',
    url: draft.url.trim(),
    method: draft.method,
    headers: headersOf(draft.headers),
    body_type: draft.body_type,
    body: draft.body,
    ...(draft.timeout_s !== null && { timeout_ms: milliseconds(draft.timeout_s) }),
    ...(draft.tries !== null && { tries: draft.tries }),
  };
}

/** Returns the body of a route. */
export function routeBody(draft: RouteDraft): Route {
  return {
    name: draft.name.trim(),
    description: draft.description.trim(),
    enabled: draft.enabled,
    dry_run: draft.dry_run,
    from: linesOf(draft.from),
    except: linesOf(draft.except),
    accept: draft.accept,
    when: draft.when.trim(),
    transform: draft.transform.trim(),
    window:
      draft.window === '' ? null : { function: draft.window, seconds: draft.window_s ?? 0 },
    rules: {
      every_sample: draft.every_sample,
      deadband: draft.deadband ?? 0,
      min_interval_ms: milliseconds(draft.min_interval_s ?? 0),
      max_per_minute: draft.max_per_minute,
    },
    schedule: draft.isScheduled ? draft.hours : null,
    back: draft.isBack ? { transform: draft.back.trim() } : null,
    to: draft.to.map(targetBody),
  };
}

/** Returns the fields that a person still has to fill in, as JSON pointers. */
export function missingOf(draft: RouteDraft): string[] {
  const targets = draft.to.flatMap(({ kind, tag, url }, at) => {
    if (kind === 'tag') return tag === '' ? [`/to/${at}/tag`] : [];
    return url.trim() === '' ? [`/to/${at}/url`] : [];
  });
  return [
    ...(draft.name.trim() === '' ? ['/name'] : []),
    ...(linesOf(draft.from).length === 0 ? ['/from'] : []),
    ...targets,
  ];
}

/** Returns the first thing that is said of a field or of what lies in it. */
export function said(errors: Record<string, string>, pointer: string): string {
  const found = Object.keys(errors).find(
    (key) => key === pointer || key.startsWith(`${pointer}/`),
  );
  return found === undefined ? '' : (errors[found] ?? '');
}

/** Returns what was held back, the most frequent first. */
export const heldBack = (held: Record<string, number>): [string, number][] =>
  Object.entries(held)
    .filter(([, count]) => 0 < count)
    .sort(([, one], [, other]) => other - one);
