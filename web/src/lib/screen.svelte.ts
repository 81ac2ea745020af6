/** What surrounds a page: everything, or only the state of the link and the alarms. */
import { session } from './session.svelte.ts';

/** What the reader asked for above the page. */
type Asked = 'palette' | 'help' | 'tour';

let asked = $state<Asked | null>(null);
let full = $state(new URLSearchParams(window.location.search).has('full'));

export const screen = {
  get asked(): Asked | null {
    return asked;
  },
  ask(part: Asked | null): void {
    asked = part;
  },
  /** Whether the page has the screen for itself, as on a wall. */
  get isBare(): boolean {
    return full || session.isKiosk;
  },
  /** Whether the reader can bring the frame back. */
  get mayLeave(): boolean {
    return full && !session.isKiosk;
  },
  /** Gives the page the whole screen, or takes it back. */
  toggle(): void {
    full = !full;
    const done = full
      ? document.documentElement.requestFullscreen?.()
      : document.fullscreenElement && document.exitFullscreen();
    // A browser that refuses still shows the page without the frame.
    void Promise.resolve(done).catch(() => undefined);
  },
};

document.addEventListener('fullscreenchange', () => {
  if (!document.fullscreenElement) full = false;
});
