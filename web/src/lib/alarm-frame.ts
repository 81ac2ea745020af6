/** What the frame shows of alarms; loaded after the first page is painted. */
import '../print.css';
import AlarmBar from '../components/AlarmBar.svelte';
import AlarmCounters from '../components/AlarmCounters.svelte';
import { needWords } from './i18n.svelte.ts';

export interface AlarmFrame {
  Bar: typeof AlarmBar;
  Counters: typeof AlarmCounters;
}

/** Loads the words and returns the parts. */
export async function alarmFrame(): Promise<AlarmFrame> {
  await needWords('alarmbar');
  return { Bar: AlarmBar, Counters: AlarmCounters };
}
