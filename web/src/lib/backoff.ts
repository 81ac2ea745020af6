/** Waits that grow while nothing happens. */
export class Backoff {
  private waitMs: number;

  constructor(
    private readonly fastMs: number,
    private readonly slowMs: number,
    private readonly factor = 1.5,
  ) {
    this.waitMs = fastMs;
  }

  /** Returns how long to wait now; the next wait is longer. */
  next(): number {
    const waitMs = this.waitMs;
    this.waitMs = Math.min(this.slowMs, waitMs * this.factor);
    return waitMs;
  }

  /** Something has happened: the next wait is short again. */
  reset(): void {
    this.waitMs = this.fastMs;
  }
}
