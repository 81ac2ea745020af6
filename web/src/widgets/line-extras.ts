/** What a chart does without at first, loaded together. */
export { extrasFor } from './chart-extras.svelte.ts';
export { default as ChartBar } from './ChartBar.svelte';
