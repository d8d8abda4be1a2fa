/**
 * The settings of a running service: what is stored, what holds in this run, and one event for each change.
 *   update -> checked as a whole -> on disk -> last good copy -> listeners, once
 *   settings.json edited by hand -> checked as a whole -> last good copy -> listeners, once;  else told, nothing changes
 * The Authorization value is never in settings.json; it has a store of its own.
 * May import: node, src/common, src/service/settings.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ShownSettings } from '../../common/contract.ts';
import { CourierError } from '../../common/errors.ts';
import type { SettingsVersion } from '../../common/console.ts';
import { changedSettings, type SettingKey, type Settings } from '../../common/settings.ts';
import type { Log } from '../log.ts';
import type { Problem } from '../problems.ts';
import { errnoWords } from '../store/file-system.ts';
import { confBacking, type SettingsBacking } from './backing.ts';
import { changedKeys } from './changed-keys.ts';
import { sweepLeftovers } from './durable-text.ts';
import {
  effectiveSettings,
  environmentHeaderName,
  headerAfterEdit,
  originOf,
  overriddenBy,
  type RunSettings,
  storedAfter,
} from './effective.ts';
import { openSecretFile, type SecretStore } from './secret-file.ts';
import { type FileEdit, watchSettingsFile } from './file-watch.ts';
import { keepLastGood, loadSettingsFile, outOfRange, type StoredValues, unknownKeysOf } from './settings-file.ts';
import { SettingsProblems } from './settings-problems.ts';
import { openVersions } from './settings-versions.ts';

export type { SettingsBacking } from './backing.ts';
export type { SecretStore } from './secret-file.ts';

export interface SettingsOptions {
  dataDir: string;
  /** Settings of this run (`--set`); never stored. */
  overrides?: Readonly<Record<string, unknown>>;
  environment: Readonly<Record<string, string | undefined>>;
  log: Pick<Log, 'warn' | 'info'>;
  /** Current time, unix ms. */
  now?: () => number;
  /** conf in the data directory when missing. */
  backing?: SettingsBacking;
  /** A 0600 file in the data directory when missing. */
  secretStore?: SecretStore;
  /** Looks and writes nothing, for a command beside a running service: no copy, no clean-up, no setting aside. */
  isReadOnly?: boolean;
  /** Called with what would hold, before anything is stored; what it throws refuses the change (a PEM file that is not there). */
  verify?: (next: Settings, changed: readonly SettingKey[]) => void;
}

export type SettingsListener = (settings: Settings, changed: readonly SettingKey[]) => void;

export interface SettingsStore {
  /** What holds now, the Authorization value included: for the service only. */
  current(): Settings;
  /** What may be seen: what holds now without secrets, and what this run overrides. */
  shown(): ShownSettings;
  /** What would hold after `change`, without storing it. @throws CourierError when it would be refused. */
  preview(change: Readonly<Record<string, unknown>>): Settings;
  /**
   * Stores a change, all or nothing. A key that this run overrides is stored and holds from the next run on.
   * @throws CourierError naming key, value and range; nothing changed then.
   */
  update(change: Readonly<Record<string, unknown>>): ShownSettings;
  /** Hears each change of what holds, once, with everything that changed together. The returned function ends it. */
  onChange(listener: SettingsListener): () => void;
  /**
   * What the operator has to know about the settings: codes `settings.damaged`, `settings.notApplied`,
   * `settings.unknownKey`, `secret.foreign`, `secret.notKept`, `secret.weaklyKept`.
   */
  problems(): Problem[];
  /** Hears that `problems` answers something else now. */
  onProblems(listener: () => void): void;
  /** Looks how things stand on the disk now; called at each cycle and from time to time. */
  look(): void;
  /** The last ten different states, the latest first. */
  versions(): SettingsVersion[];
  /** Brings an earlier version back, secrets excepted: an `update` of its own. @throws CourierError as `update`. */
  restoreVersion(version: number): ShownSettings;
}

/**
 * Opens the settings of a data directory, which must exist.
 * @throws CourierError when a value of this run (`--set`, the environment) cannot be used.
 */
export function openSettings(options: SettingsOptions): SettingsStore {
  const { dataDir, overrides = {}, environment, log, now = Date.now, isReadOnly = false, verify } = options;
  const { backing = confBacking(dataDir), secretStore = openSecretFile(dataDir) } = options;
  const listeners = new Set<SettingsListener>();
  const problems = new SettingsProblems(log, now);

  if (!isReadOnly) sweepLeftovers(dataDir, ['settings', 'settings.last-good', 'settings.versions', 'authorization']);
  const loaded = loadSettingsFile(dataDir, now(), isReadOnly);
  problems.damaged(loaded.damage);
  problems.unknownKeys(loaded.unknownKeys);
  const run: RunSettings = { overrides, environmentHeader: (environment[environmentHeaderName] ?? '').replace(/[\r\n]+$/, '') };

  let values: StoredValues = loaded.values;
  /** The stored Authorization value could not be read: what it is worth nobody knows, so it must not outlive a move. */
  let isSecretUnknown = false;
  let stored = changedSettings(loaded.settings, { submissionAuthHeader: readSecret() });
  let runOrigin: string | null = null;
  let current = holding(stored);
  runOrigin = originOf(current.submissionEndpoint);
  const versions = openVersions(dataDir);
  if (!isReadOnly && loaded.damage === null)
    quietly('The copy of the good settings could not be written.', () => keepLastGood(dataDir, values));
  if (!isReadOnly) quietly('The list of earlier settings could not be written.', () => versions.add(stored, now()));
  reviewSecret();
  const file = watchSettingsFile(dataDir);

  /** The stored Authorization value. One found in settings.json moves to where it belongs. */
  function readSecret(): string {
    const { submissionAuthHeader: misplaced, ...others } = values;
    try {
      let secret = secretStore.read();
      if (typeof misplaced === 'string' && secret === '') secret = misplaced;
      if (typeof misplaced === 'string' && !isReadOnly) {
        secretStore.write(secret, originOf(loaded.settings.submissionEndpoint) ?? '');
        backing.write(others);
        values = others;
        log.warn({}, 'submissionAuthHeader was in the settings file; it was moved to where secrets are kept.');
      }
      return changedSettings(loaded.settings, { submissionAuthHeader: secret }).submissionAuthHeader;
    } catch (error) {
      const reason = error instanceof CourierError ? 'it holds a character that a header cannot carry' : errnoWords(error);
      problems.secretUnreadable(reason);
      isSecretUnknown = true;
      values = others;
      return '';
    }
  }

  function keepSecret({ submissionAuthHeader, submissionEndpoint }: Settings): void {
    secretStore.write(submissionAuthHeader, originOf(submissionEndpoint) ?? '');
  }

  function reviewSecret(): void {
    if (!isReadOnly)
      problems.secretReviewed(secretStore.review?.(originOf(stored.submissionEndpoint) ?? '') ?? null, isSecretUnknown);
  }

  function holding(next: Settings): Settings {
    return effectiveSettings(next, run, runOrigin);
  }

  /** For copies that are a convenience: the settings themselves are safe, the log says what is not. */
  function quietly(message: string, write: () => void): void {
    try {
      write();
    } catch (error) {
      log.warn({ err: error, reason: errnoWords(error) }, message);
    }
  }

  /**
   * The files cannot change in one moment, so when endpoint and header change together the header goes first and comes
   * last, after the copy that a damaged file falls back on: a crash leaves no header, never one at the wrong endpoint.
   */
  function writeAll(next: Settings, nextValues: StoredValues, isSecretEntered: boolean): void {
    const isSecretNew = next.submissionAuthHeader !== stored.submissionAuthHeader || (isSecretUnknown && isSecretEntered);
    const isMoved = originOf(next.submissionEndpoint) !== originOf(stored.submissionEndpoint);
    try {
      if (isMoved && (isSecretNew || isSecretUnknown)) secretStore.write('');
      if (!isDeepStrictEqual(nextValues, values)) writeValues(nextValues);
      if (isSecretNew) keepSecret(next);
    } catch (error) {
      // The old state again, in the same order, as far as the disk lets us.
      quietly('The old settings could not be put back.', () => {
        writeValues(values);
        if (isSecretNew) keepSecret(stored);
      });
      throw new CourierError(
        'ERR_STORE_WRITE_FAILED',
        `The settings could not be written: ${errnoWords(error)}. The old values stay.`,
        {
          cause: error,
        },
      );
    }
  }

  /** conf reports no error when a full disk cuts the file short, so what was written is read again. */
  function writeValues(nextValues: StoredValues): void {
    quietly('A settings file that was edited by hand could not be copied aside.', () => file.copyAside(now()));
    backing.write(nextValues);
    file.isOurs();
    if (!isDeepStrictEqual(comparable(backing.read()), comparable(nextValues)))
      throw Object.assign(new Error('the file differs from what was written'), { code: 'EIO' });
    keepLastGood(dataDir, nextValues);
  }

  function update(change: Readonly<Record<string, unknown>>): ShownSettings {
    takeEdit();
    const next = storedAfter(stored, change);
    const nextCurrent = holding(next);
    verify?.(nextCurrent, changedKeys(current, nextCurrent));
    const { submissionAuthHeader: _secret, ...plain } = change;
    // What the schema made of a value is stored, so that a part of a nested setting is stored whole.
    const taken = Object.fromEntries(Object.keys(plain).map((key) => [key, next[key as SettingKey]]));
    const nextValues = { ...values, ...taken };
    const isSecretEntered = Object.hasOwn(change, 'submissionAuthHeader');
    writeAll(next, nextValues, isSecretEntered);
    hold(next, nextValues, isSecretEntered);
    return shown();
  }

  /** What is on the disk holds from now on. */
  function hold(next: Settings, nextValues: StoredValues, isSecretEntered: boolean): void {
    if (stored.submissionAuthHeader !== '' && next.submissionAuthHeader === '' && !isSecretEntered)
      log.warn({}, 'submissionAuthHeader was removed, because it was entered for another endpoint; enter it for the new one.');
    const nextCurrent = holding(next);
    const changed = changedKeys(current, nextCurrent);
    [values, stored, current] = [nextValues, next, nextCurrent];
    runOrigin ??= originOf(current.submissionEndpoint);
    problems.damaged(null);
    if (file.look().type === 'none') problems.notApplied(null);
    problems.unknownKeys(unknownKeysOf(values));
    if (isSecretEntered) isSecretUnknown = false;
    reviewSecret();
    quietly('The list of earlier settings could not be written.', () => versions.add(stored, now()));
    if (changed.length === 0) return;
    log.info({ keys: changed.join(' ') }, 'Settings changed.');
    for (const listener of listeners) listener(current, changed);
  }

  /** Takes over what a hand made of settings.json, all or nothing; what cannot be used is told. */
  function takeEdit(): void {
    if (isReadOnly) return;
    const edit = file.look();
    if (edit.type === 'none') problems.notApplied(null);
    else if (edit.type === 'unusable') problems.notApplied(edit.reason);
    else if (edit.type === 'edited')
      try {
        applyEdit(edit);
      } catch (error) {
        if (!(error instanceof CourierError)) throw error;
        problems.notApplied(outOfRange(error));
      }
  }

  /** @throws CourierError when it cannot be used; nothing changed then. */
  function applyEdit({ values: found, settings, mark }: Extract<FileEdit, { type: 'edited' }>): void {
    const { submissionAuthHeader: misplaced = '', ...others } = found;
    if (misplaced === '' && isDeepStrictEqual(comparable(others), comparable(values))) {
      file.isOurs(mark);
      return problems.notApplied(null);
    }
    const plain = holding({ ...settings, submissionAuthHeader: stored.submissionAuthHeader });
    verify?.(plain, changedKeys(current, plain));
    const { header, isEntered } = headerAfterEdit(stored, settings, { misplaced: String(misplaced), kept: keptSecret() });
    const next = changedSettings(settings, { submissionAuthHeader: header });
    try {
      // Of a value that could not be read nobody knows for which endpoint it was.
      const isMoved = originOf(settings.submissionEndpoint) !== originOf(stored.submissionEndpoint);
      if (header !== stored.submissionAuthHeader || (isSecretUnknown && isMoved)) keepSecret(next);
      if (Object.hasOwn(found, 'submissionAuthHeader')) backing.write(others);
    } catch (error) {
      throw new CourierError('ERR_STORE_WRITE_FAILED', `the disk took no note of it: ${errnoWords(error)}.`, { cause: error });
    }
    file.isOurs(Object.hasOwn(found, 'submissionAuthHeader') ? undefined : mark);
    quietly('The copy of the good settings could not be written.', () => keepLastGood(dataDir, others));
    log.info({}, 'The settings file was edited by hand and is used from now on.');
    hold(next, others, isEntered);
  }

  /** The value as it is kept now; null when it cannot be read. */
  function keptSecret(): string | null {
    try {
      return secretStore.read();
    } catch {
      // It was told when it was read first, or is told at the next start.
      return null;
    }
  }

  function look(): void {
    takeEdit();
    reviewSecret();
  }

  function shown(): ShownSettings {
    const { submissionAuthHeader, ...settings } = current;
    const by = overriddenBy(run);
    return {
      settings,
      secretsSet: submissionAuthHeader === '' ? [] : ['submissionAuthHeader'],
      overridden: Object.keys(by) as SettingKey[],
      overriddenBy: by,
    };
  }

  return {
    current: () => current,
    shown,
    preview: (change) => holding(storedAfter(stored, change)),
    update,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    problems: () => problems.all,
    onProblems: (listener) => problems.onChange(listener),
    look,
    versions: versions.list,
    restoreVersion: (version) => update(versions.changeTo(version)),
  };
}

/** Values as JSON keeps them, without the notes that conf keeps among them. */
function comparable({ __internal__: _notes, ...values }: StoredValues): unknown {
  return JSON.parse(JSON.stringify(values));
}
