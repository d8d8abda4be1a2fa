/**
 * Every POST that was answered or given up, told to whoever measures.
 * May import: src/common, src/service.
 */
import type { OutcomeClass } from '../common/outcome.ts';
import { postBody } from './delivery/post-session.ts';

/** What metrics say of one POST. */
export interface AttemptFigures {
  outcome: OutcomeClass;
  durationMs: number;
}

export class AttemptMeter {
  readonly #listeners = new Set<(attempt: AttemptFigures) => void>();

  /** `postBody`, heard. */
  readonly post: typeof postBody = async (destination, post) => {
    const answer = await postBody(destination, post);
    for (const listener of this.#listeners) listener({ outcome: answer.outcome.kind, durationMs: answer.durationMs });
    return answer;
  };

  on(listener: (attempt: AttemptFigures) => void): void {
    this.#listeners.add(listener);
  }
}
