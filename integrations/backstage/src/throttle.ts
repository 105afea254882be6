/** Says at once what happens first, and then once in a while what came together. */
export class Throttle {
  #counts = new Map<string, number>();
  #timer?: NodeJS.Timeout;

  /** `say` gets how often each reason came; `interval` is in milliseconds. */
  constructor(readonly interval: number, readonly say: (counts: Map<string, number>) => void) {}

  add(reason: string, count = 1): void {
    const known = this.#counts.has(reason) || this.#counts.size < 5 ? reason : 'other reasons';
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + count);
    if (!this.#timer) this.flush();
  }

  /** Says what is left to say. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#counts.size === 0) return;
    this.say(this.#counts);
    this.#counts = new Map();
    this.#timer = setTimeout(() => this.flush(), this.interval);
    this.#timer.unref();
  }
}

/** `3 events (one reason: 2, another: 1)` */
export function counted(counts: Map<string, number>): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return `${total} events (${[...counts].map(([reason, count]) => `${reason}: ${count}`).join(', ')})`;
}
