/**
 * The settings of a running service: what is stored, what holds in this run, and one event for each change.
 *   update -> checked as a whole -> on disk -> last good copy -> listeners, once
 *   settings.json edited by hand -> checked as a whole -> last good copy -> listeners, once;  else told, nothing changes
 * The Authorization value is never in settings.json; it has a store of its own.
 * May import: src/common, src/service.
 */
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
import { quietly } from './quietly.ts';
import { SecretKeeper } from './secret-keeper.ts';
import { withoutProxyPassword } from './proxy-password.ts';
import { keepLastGood, loadSettingsFile, outOfRange, unknownKeysOf } from './settings-file.ts';
import { SettingsProblems } from './settings-problems.ts';
import { openVersions } from './settings-versions.ts';
import { isSameFile, SettingsWriter, type Stored } from './settings-writer.ts';

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

  const secret = new SecretKeeper({ secretStore, backing, problems, log, isReadOnly });
  const joined = secret.joined(loaded);
  let stored: Stored = { settings: joined.stored, values: joined.values };
  let runOrigin: string | null = null;
  let current = holding(stored.settings);
  runOrigin = originOf(current.submissionEndpoint);
  const versions = openVersions(dataDir);
  if (!isReadOnly && loaded.damage === null)
    quietly(log, 'The copy of the good settings could not be written.', () => keepLastGood(dataDir, stored.values));
  if (!isReadOnly) keepVersion();
  secret.review(stored.settings);
  const file = watchSettingsFile(dataDir);
  const writer = new SettingsWriter({ dataDir, backing, secret, file, now, log });

  function holding(next: Settings): Settings {
    return effectiveSettings(next, run, runOrigin);
  }

  function keepVersion(): void {
    quietly(log, 'The list of earlier settings could not be written.', () => versions.add(stored.settings, now()));
  }

  function update(change: Readonly<Record<string, unknown>>): ShownSettings {
    takeEdit();
    const settings = storedAfter(stored.settings, change);
    const nextCurrent = holding(settings);
    verify?.(nextCurrent, changedKeys(current, nextCurrent));
    const { submissionAuthHeader: _secret, ...plain } = change;
    // What the schema made of a value is stored, so that a part of a nested setting is stored whole.
    const taken = Object.fromEntries(Object.keys(plain).map((key) => [key, settings[key as SettingKey]]));
    const next = { settings, values: { ...stored.values, ...taken } };
    const isSecretEntered = Object.hasOwn(change, 'submissionAuthHeader');
    writer.replace(stored, next, { isSecretEntered });
    hold(next, isSecretEntered);
    return shown();
  }

  /** What is on the disk holds from now on. */
  function hold(next: Stored, isSecretEntered: boolean): void {
    if (stored.settings.submissionAuthHeader !== '' && next.settings.submissionAuthHeader === '' && !isSecretEntered)
      log.warn({}, 'submissionAuthHeader was removed, because it was entered for another endpoint; enter it for the new one.');
    const nextCurrent = holding(next.settings);
    const changed = changedKeys(current, nextCurrent);
    [stored, current] = [next, nextCurrent];
    runOrigin ??= originOf(current.submissionEndpoint);
    problems.damaged(null);
    if (file.look().type === 'none') problems.notApplied(null);
    problems.unknownKeys(unknownKeysOf(stored.values));
    if (isSecretEntered) secret.entered();
    secret.review(stored.settings);
    keepVersion();
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
    if (misplaced === '' && isSameFile(others, stored.values)) {
      file.isOurs(mark);
      return problems.notApplied(null);
    }
    const plain = holding({ ...settings, submissionAuthHeader: stored.settings.submissionAuthHeader });
    verify?.(plain, changedKeys(current, plain));
    const { header, isEntered } = headerAfterEdit(stored.settings, settings, {
      misplaced: String(misplaced),
      kept: secret.kept(),
    });
    const next = changedSettings(settings, { submissionAuthHeader: header });
    try {
      // Of a value that could not be read nobody knows for which endpoint it was.
      const isMoved = originOf(settings.submissionEndpoint) !== originOf(stored.settings.submissionEndpoint);
      if (header !== stored.settings.submissionAuthHeader || (secret.isUnknown && isMoved)) secret.keep(next);
      if (Object.hasOwn(found, 'submissionAuthHeader')) backing.write(others);
    } catch (error) {
      throw new CourierError('ERR_STORE_WRITE_FAILED', `the disk took no note of it: ${errnoWords(error)}.`, { cause: error });
    }
    file.isOurs(Object.hasOwn(found, 'submissionAuthHeader') ? undefined : mark);
    quietly(log, 'The copy of the good settings could not be written.', () => keepLastGood(dataDir, others));
    log.info({}, 'The settings file was edited by hand and is used from now on.');
    hold({ settings: next, values: others }, isEntered);
  }

  function look(): void {
    takeEdit();
    secret.review(stored.settings);
  }

  function shown(): ShownSettings {
    const { submissionAuthHeader, ...settings } = current;
    const by = overriddenBy(run);
    return {
      settings: { ...settings, submissionProxy: withoutProxyPassword(settings.submissionProxy) },
      secretsSet: submissionAuthHeader === '' ? [] : ['submissionAuthHeader'],
      overridden: Object.keys(by) as SettingKey[],
      overriddenBy: by,
    };
  }

  return {
    current: () => current,
    shown,
    preview: (change) => holding(storedAfter(stored.settings, change)),
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
