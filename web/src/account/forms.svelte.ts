/** Parts of forms about accounts. */

/** Puts the focus into the first field, or the one that is meant to have it. */
export function focusFirst(node: HTMLElement): void {
  const field =
    node.querySelector<HTMLElement>('[data-focus]') ??
    node.querySelector<HTMLElement>('input:not([type="hidden"])');
  field?.focus();
}

/** A pause that the server asked for, in seconds that count down. */
export class Wait {
  leftS = $state(0);
  private timer = 0;

  constructor() {
    $effect(() => () => window.clearInterval(this.timer));
  }

  start(seconds: number): void {
    window.clearInterval(this.timer);
    this.leftS = seconds;
    this.timer = window.setInterval(() => {
      this.leftS -= 1;
      if (this.leftS <= 0) window.clearInterval(this.timer);
    }, 1000);
  }
}
