/**
 * The Authorization value beside the stored settings: never in settings.json, but in a store of its own, with the endpoint
 * that it was entered for.
 *   known | unknown (it could not be read) -> entered again -> known
 * May import: src/common, src/service.
 */
import { CourierError } from '../../common/errors.ts';
import { changedSettings, type Settings } from '../../common/settings.ts';
import type { Log } from '../log.ts';
import { errnoWords } from '../store/file-system.ts';
import type { SettingsBacking } from './backing.ts';
import { originOf } from './effective.ts';
import type { SecretStore } from './secret-file.ts';
import type { LoadedSettings, StoredValues } from './settings-file.ts';
import type { SettingsProblems } from './settings-problems.ts';

export interface SecretKeeperTools {
  secretStore: SecretStore;
  backing: SettingsBacking;
  problems: SettingsProblems;
  log: Pick<Log, 'warn'>;
  isReadOnly: boolean;
}

export class SecretKeeper {
  readonly #tools: SecretKeeperTools;
  #isUnknown = false;

  constructor(tools: SecretKeeperTools) {
    this.#tools = tools;
  }

  /** The stored value could not be read: what it is worth nobody knows, so it must not outlive a move. */
  get isUnknown(): boolean {
    return this.#isUnknown;
  }

  /**
   * Reads the stored value, at the start. One found in settings.json moves to where it belongs.
   * @returns the settings with it, and what is in settings.json now.
   */
  joined({ values, settings }: LoadedSettings): { values: StoredValues; stored: Settings } {
    const { secretStore, backing, problems, log, isReadOnly } = this.#tools;
    const { submissionAuthHeader: misplaced, ...others } = values;
    try {
      let secret = secretStore.read();
      if (typeof misplaced === 'string' && secret === '') secret = misplaced;
      const isMoving = typeof misplaced === 'string' && !isReadOnly;
      if (isMoving) {
        secretStore.write(secret, originOf(settings.submissionEndpoint) ?? '');
        backing.write(others);
        log.warn({}, 'submissionAuthHeader was in the settings file; it was moved to where secrets are kept.');
      }
      return { values: isMoving ? others : values, stored: changedSettings(settings, { submissionAuthHeader: secret }) };
    } catch (error) {
      const reason = error instanceof CourierError ? 'it holds a character that a header cannot carry' : errnoWords(error);
      problems.secretUnreadable(reason);
      this.#isUnknown = true;
      return { values: others, stored: changedSettings(settings, { submissionAuthHeader: '' }) };
    }
  }

  /** @throws when it cannot be written: the old one is kept then. */
  keep({ submissionAuthHeader, submissionEndpoint }: Settings): void {
    this.#tools.secretStore.write(submissionAuthHeader, originOf(submissionEndpoint) ?? '');
  }

  /** @throws when it cannot be removed. */
  remove(): void {
    this.#tools.secretStore.write('');
  }

  /** It was entered, so it is known. */
  entered(): void {
    this.#isUnknown = false;
  }

  /** The value as it is kept now; null when it cannot be read. */
  kept(): string | null {
    try {
      return this.#tools.secretStore.read();
    } catch {
      // It was told when it was read first, or is told at the next start.
      return null;
    }
  }

  /** Looks how it is kept, and tells what the operator has to know of that. */
  review({ submissionEndpoint }: Settings): void {
    const { secretStore, problems, isReadOnly } = this.#tools;
    if (!isReadOnly) problems.secretReviewed(secretStore.review?.(originOf(submissionEndpoint) ?? '') ?? null, this.#isUnknown);
  }
}
