/** The fields of a form and what each tells, so that the end of the form can name them. */
import { getContext, setContext } from 'svelte';
import { SvelteSet } from 'svelte/reactivity';
import type { Problem } from './errors.ts';

/** Reads the label of a field and what is said against it. */
export type Told = () => { label: string; error: string };

const KEY = Symbol('fields');

/** Begins a form; to be called while its component starts. */
export function beginFields(): void {
  setContext(KEY, new SvelteSet<Told>());
}

/** Returns the fields of the form around; nothing outside of forms. */
export function fieldsAround(): Set<Told> | undefined {
  return getContext<Set<Told> | undefined>(KEY);
}

/**
 * Returns who is to blame for a problem: the label of the field that tells of it, else the JSON
 * pointer.
 *
 * Problems with the same words are named only where as many fields tell of them.
 */
export function blamed(problem: Problem, all: readonly Problem[], fields: Iterable<Told>): string {
  const { detail, pointer } = problem;
  const telling = [...fields].map((told) => told()).filter(({ error }) => error === detail);
  const same = all.filter((one) => one.detail === detail);
  const found = telling.length === same.length ? telling[same.indexOf(problem)] : undefined;
  return found?.label || pointer;
}
