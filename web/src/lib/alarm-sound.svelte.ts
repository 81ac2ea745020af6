/** A sound for alarms: again and again for priority 1, once for priority 2; off until chosen. */
import { recall, remember } from './prefs.svelte.ts';

const REPEAT_MS = 4000;
const VOLUME = 40;

let isOn = $state(recall('sound') === 'on');
let volume = $state(Number(recall('volume')) || VOLUME);
let context: AudioContext | null = null;
let timer = 0;

/** Two short tones; the higher pair is the more urgent one. */
function play(isCritical: boolean): void {
  context ??= new AudioContext();
  // Browsers keep silent until the reader has touched the page.
  void context.resume();
  const startS = context.currentTime;
  for (const [at, hz] of (isCritical ? [880, 1175] : [587, 440]).entries())
    tone(context, hz, startS + at * 0.22);
}

function tone(audio: AudioContext, hz: number, startS: number): void {
  const wave = audio.createOscillator();
  const gain = audio.createGain();
  const peak = (volume / 100) ** 2;
  wave.frequency.value = hz;
  gain.gain.setValueAtTime(0, startS);
  gain.gain.linearRampToValueAtTime(peak, startS + 0.02);
  gain.gain.linearRampToValueAtTime(0, startS + 0.2);
  wave.connect(gain).connect(audio.destination);
  wave.start(startS);
  wave.stop(startS + 0.22);
}

function stop(): void {
  window.clearInterval(timer);
  timer = 0;
}

/** What is unacknowledged now, by priority. */
export interface Urgent {
  critical: number;
  high: number;
}

let before: Urgent = { critical: 0, high: 0 };

export const sound = {
  get isOn(): boolean {
    return isOn;
  },
  set isOn(value: boolean) {
    isOn = value;
    remember('sound', value ? 'on' : 'off');
    if (value) play(false);
    this.hear(before, true);
  },
  get volume(): number {
    return volume;
  },
  /** Sets the volume, and lets it be heard. */
  try(value: number): void {
    volume = value;
    remember('volume', String(value));
    play(false);
  },
  /** Follows the alarms; what was there before is not news. */
  hear(now: Urgent, isKnown = false): void {
    const isMore = !isKnown && before.high < now.high;
    before = now;
    if (!isOn || now.critical === 0) stop();
    if (!isOn) return;
    if (0 < now.critical && timer === 0) {
      play(true);
      timer = window.setInterval(() => play(true), REPEAT_MS);
    } else if (isMore && now.critical === 0) play(false);
  },
};
