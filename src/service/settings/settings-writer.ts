/**
 * Writes the stored settings, all or nothing: settings.json, the copy that a damaged one falls back on, the secret.
 * May import: node, src/common, src/service/settings.
 */
import { isDeepStrictEqual } from 'node:util';
import { CourierError } from '../../common/errors.ts';
import type { Settings } from '../../common/settings.ts';
import type { Log } from '../log.ts';
import { errnoWords } from '../store/file-system.ts';
import type { SettingsBacking } from './backing.ts';
import { originOf } from './effective.ts';
import type { SettingsFileWatch } from './file-watch.ts';
import { quietly } from './quietly.ts';
import type { SecretKeeper } from './secret-keeper.ts';
import { keepLastGood, type StoredValues } from './settings-file.ts';

export interface SettingsWriterTools {
  dataDir: string;
  backing: SettingsBacking;
  secret: SecretKeeper;
  file: SettingsFileWatch;
  now: () => number;
  log: Pick<Log, 'warn'>;
}

/** The settings, secret included, and what of them is in the file, with keys of other versions. */
export interface Stored {
  settings: Settings;
  values: StoredValues;
}

export class SettingsWriter {
  readonly #tools: SettingsWriterTools;

  constructor(tools: SettingsWriterTools) {
    this.#tools = tools;
  }

  /**
   * The files cannot change in one moment, so when endpoint and header change together the header goes first and comes
   * last, after the copy that a damaged file falls back on: a crash leaves no header, never one at the wrong endpoint.
   * @throws CourierError `ERR_STORE_WRITE_FAILED`; what was before is on the disk then, as far as that lets us.
   */
  replace(before: Stored, next: Stored, { isSecretEntered }: { isSecretEntered: boolean }): void {
    const { secret, log } = this.#tools;
    const isSecretNew =
      next.settings.submissionAuthHeader !== before.settings.submissionAuthHeader || (secret.isUnknown && isSecretEntered);
    const isMoved = originOf(next.settings.submissionEndpoint) !== originOf(before.settings.submissionEndpoint);
    try {
      if (isMoved && (isSecretNew || secret.isUnknown)) secret.remove();
      if (!isDeepStrictEqual(next.values, before.values)) this.#write(next.values);
      if (isSecretNew) secret.keep(next.settings);
    } catch (error) {
      // The old state again, in the same order.
      quietly(log, 'The old settings could not be put back.', () => {
        this.#write(before.values);
        if (isSecretNew) secret.keep(before.settings);
      });
      throw new CourierError(
        'ERR_STORE_WRITE_FAILED',
        `The settings could not be written: ${errnoWords(error)}. The old values stay.`,
        { cause: error },
      );
    }
  }

  /** conf reports no error when a full disk cuts the file short, so what was written is read again. */
  #write(values: StoredValues): void {
    const { dataDir, backing, file, now, log } = this.#tools;
    quietly(log, 'A settings file that was edited by hand could not be copied aside.', () => file.copyAside(now()));
    backing.write(values);
    file.isOurs();
    if (!isSameFile(backing.read(), values))
      throw Object.assign(new Error('the file differs from what was written'), { code: 'EIO' });
    keepLastGood(dataDir, values);
  }
}

/** Whether two files would hold the same as JSON, the notes aside that conf keeps among the values. */
export function isSameFile(one: StoredValues, other: StoredValues): boolean {
  return isDeepStrictEqual(comparable(one), comparable(other));
}

function comparable({ __internal__: _notes, ...values }: StoredValues): unknown {
  return JSON.parse(JSON.stringify(values));
}
