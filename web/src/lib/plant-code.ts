/** The plant as files: what the server says of them, as plans of other files are shown. */
import type { CodeAnswer, PlanAnswer } from './api.gen.ts';

/** Values longer than this are shown by their beginning. */
const SHOWN_MAX = 60;

function shown(value: unknown): string {
  const text = value === null || value === undefined ? '–' : JSON.stringify(value);
  return SHOWN_MAX < text.length ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

/** Returns an answer as the plan of a file: mistakes with file and line, changes field by field. */
export function planOf(answer: CodeAnswer): PlanAnswer {
  return {
    applied: answer.applied,
    change: answer.change,
    created: answer.created,
    updated: answer.updated,
    deleted: answer.deleted,
    unchanged: answer.unchanged,
    error_count: answer.error_count,
    errors: answer.errors.map(({ file, key, line, reason }) => ({
      row: line,
      column: [file, key].filter(Boolean).join(' · '),
      value: '',
      reason,
    })),
    format: 'plant_code',
    not_carried_over: [],
    not_carried_over_count: 0,
    rows: answer.steps.map(({ action, kind, name, changes = [] }) => ({
      action,
      kind,
      name,
      place: changes
        .map(({ field, from, to }) => `${field} ${shown(from)} → ${shown(to)}`)
        .join('; '),
    })),
  };
}
