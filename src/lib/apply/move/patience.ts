/** How long trouble is borne while nothing moves: the bound that the operator has set for each wait. */
import type { Clock } from '../clock.ts';

export class Patience {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #troubleSinceMs: number | null = null;
  #told = '';

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Something has moved: what comes now is another trouble. */
  progress(): void {
    this.#troubleSinceMs = null;
    this.#told = '';
  }

  /** True where this was not the last thing that was told: a trouble that lasts is told once. */
  isNews(trouble: string): boolean {
    const isNew = trouble !== this.#told;
    this.#told = trouble;
    return isNew;
  }

  /** Something is in the way. True once nothing has moved for the whole time since the trouble began. */
  isOver(): boolean {
    this.#troubleSinceMs ??= this.#clock.now();
    return this.#clock.now() - this.#troubleSinceMs >= this.#timeoutMs;
  }
}
