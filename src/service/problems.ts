/**
 * What keeps the service from its work right now, in words an operator can act on.
 * May import: src/common.
 */
import type { Status } from '../common/contract.ts';

export type Problem = NonNullable<Status['problems']>[number];

export class Problems {
  readonly #open = new Map<string, Problem>();
  readonly #now: () => number;
  readonly #onChange: (problem: Problem | null) => void;

  /** @param onChange called with a problem that began, or with null when one ended. */
  constructor(now: () => number, onChange: (problem: Problem | null) => void) {
    this.#now = now;
    this.#onChange = onChange;
  }

  /** Opens a problem; one that is open already keeps its beginning. */
  open(code: string, message: string): void {
    const before = this.#open.get(code);
    if (before?.message === message) return;
    const problem = { code, message, since: before?.since ?? this.#now() };
    this.#open.set(code, problem);
    this.#onChange(problem);
  }

  end(code: string): void {
    if (this.#open.delete(code)) this.#onChange(null);
  }

  has(code: string): boolean {
    return this.#open.has(code);
  }

  get all(): Problem[] {
    return [...this.#open.values()];
  }
}
