/**
 * What the operator has to know about the settings, in words; each ends when it is in order (docs/operator.md).
 * May import: src/common, src/service.
 */
import type { Log } from '../log.ts';
import { type Problem, Problems } from '../problems.ts';
import type { SecretComplaint } from './secret-file.ts';

export class SettingsProblems {
  readonly #problems: Problems;
  readonly #listeners = new Set<() => void>();

  constructor(log: Pick<Log, 'warn'>, now: () => number) {
    this.#problems = new Problems(now, (problem) => {
      if (problem !== null) log.warn({ code: problem.code }, problem.message);
      for (const listener of this.#listeners) listener();
    });
  }

  get all(): Problem[] {
    return this.#problems.all;
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** The file could not be read at the start; null: the settings were saved since. */
  damaged(words: string | null): void {
    this.#tell('settings.damaged', words);
  }

  unknownKeys(keys: readonly string[]): void {
    const names = keys.map((key) => `"${key.slice(0, 80)}"`).join(', ');
    const message = `The settings file holds keys that are no settings and have no effect: ${names}. Correct or remove them.`;
    this.#tell('settings.unknownKey', keys.length === 0 ? null : message);
  }

  /** The file was edited and cannot be used; null: it can, or is ours again. */
  notApplied(reason: string | null): void {
    const message = `The settings file was edited and cannot be used (${reason}). The values in use stay. Correct the file, or save the settings.`;
    this.#tell('settings.notApplied', reason === null ? null : message);
  }

  secretUnreadable(reason: string): void {
    this.#tell('secret.notKept', `The stored submissionAuthHeader cannot be used (${reason}); enter it again.`);
  }

  /** How the secret is kept. @param isUnknown it could not be read, which is told until it is entered again. */
  secretReviewed(complaint: SecretComplaint | null, isUnknown: boolean): void {
    for (const code of ['secret.foreign', 'secret.notKept', 'secret.weaklyKept'] as const) {
      if (complaint?.code === code) this.#tell(code, complaint.message);
      else if (code !== 'secret.notKept' || !isUnknown) this.#tell(code, null);
    }
  }

  #tell(code: string, message: string | null): void {
    if (message === null) this.#problems.end(code);
    else this.#problems.open(code, message);
  }
}
