/**
 * The guard of settings.json, because what writes it (conf, electron-store) can leave a truncated file on a full disk.
 *   readable -> use it, keep a copy as settings.last-good.json
 *   not      -> set it aside as settings.damaged-<time>.json, use the last good copy, else the defaults
 * May import: node, src/common, src/service/store (names of errors).
 */
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { changedSettings, defaultSettings, settingsShape, type Settings } from '../../common/settings.ts';
import { CourierError } from '../../common/errors.ts';
import { errnoWords } from '../store/file-system.ts';
import { writeText } from './durable-text.ts';

/** The file's content: the settings that were ever changed, and keys of other versions, which survive a rewrite. */
export type StoredValues = Record<string, unknown>;

export interface LoadedSettings {
  values: StoredValues;
  settings: Settings;
  /** What the operator has to know; null when the file was good or is not there yet. */
  damage: string | null;
  /** Keys that are no settings; the file keeps them. */
  unknownKeys: string[];
}

const lastGoodName = 'settings.last-good';
const textLengthMax = 1_048_576;

/**
 * Reads the settings of a data directory. Never throws: what is wrong is said in `damage`.
 * @param isReadOnly leaves a damaged file where it is.
 */
export function loadSettingsFile(dataDir: string, now: number, isReadOnly: boolean): LoadedSettings {
  const read = readSettingsFile(join(dataDir, 'settings.json'));
  if (read.type === 'missing') return { values: {}, settings: defaultSettings, damage: null, unknownKeys: [] };
  if (read.type === 'good') return withoutDamage(read);
  const copy = readSettingsFile(join(dataDir, `${lastGoodName}.json`));
  const good = copy.type === 'good' ? copy : { values: {}, settings: defaultSettings };
  const used = copy.type === 'good' ? 'the last good copy is used' : 'there is no good copy, so the defaults are used';
  const aside = read.type === 'damaged' && !isReadOnly ? setAside(dataDir, good.values, now) : 'left where it is';
  const damage = `The settings file cannot be read (${read.reason}) and was ${aside}; ${used}. Check the settings and save them.`;
  return { ...withoutDamage(good), damage };
}

/** Keeps `values` as the copy to fall back on; durable when it returns. @throws the system's error. */
export function keepLastGood(dataDir: string, values: StoredValues): void {
  writeText(dataDir, lastGoodName, '.json', `${JSON.stringify(values, null, 2)}\n`);
}

/** The settings that stored values make, keys of other versions left aside. @throws CourierError for a value out of range. */
export function settingsOf(values: StoredValues): Settings {
  return changedSettings(
    defaultSettings,
    Object.fromEntries(Object.entries(values).filter(([key]) => Object.hasOwn(settingsShape, key))),
  );
}

const withoutDamage = ({ values, settings }: { values: StoredValues; settings: Settings }): LoadedSettings => ({
  values,
  settings,
  damage: null,
  unknownKeys: unknownKeysOf(values),
});

/** Keys that are no settings. conf keeps notes of its own under `__internal__`. */
export const unknownKeysOf = (values: StoredValues): string[] =>
  Object.keys(values).filter((key) => !Object.hasOwn(settingsShape, key) && key !== '__internal__');

export type ReadValues =
  | { type: 'good'; values: StoredValues; settings: Settings }
  | { type: 'missing' }
  /** @param isWhole it holds settings, but not such as can be used. */
  | { type: 'damaged'; reason: string; isWhole?: true }
  /** The disk or its permissions are at fault, not the file: it stays where it is. */
  | { type: 'unreadable'; reason: string };

/** Reads one file of settings; what is wrong with it is a value. */
export function readSettingsFile(path: string): ReadValues {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { type: 'missing' };
    return { type: 'unreadable', reason: errnoWords(error) };
  }
  if (text.trim() === '') return { type: 'damaged', reason: 'it is empty' };
  if (text.length > textLengthMax) return { type: 'damaged', reason: 'it is far too large' };
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values !== 'object' || values === null || Array.isArray(values))
      return { type: 'damaged', reason: 'it holds no settings' };
    const stored = { ...values } as StoredValues;
    return { type: 'good', values: stored, settings: settingsOf(stored) };
  } catch (error) {
    // A parser's message quotes the file, which may hold a secret.
    if (error instanceof CourierError) return { type: 'damaged', reason: outOfRange(error), isWhole: true };
    return { type: 'damaged', reason: 'it is not valid JSON' };
  }
}

/** Without its full stop, and without what the caller says better. */
export const outOfRange = (error: CourierError): string =>
  error.message.replace(/ The old values? stays?\.$/, '').replace(/\.$/, '');

/** @returns what became of the damaged file, in words. */
function setAside(dataDir: string, good: StoredValues, now: number): string {
  const name = `settings.damaged-${new Date(now).toISOString().replaceAll(':', '-')}.json`;
  try {
    renameSync(join(dataDir, 'settings.json'), join(dataDir, name));
    writeText(dataDir, 'settings', '.json', `${JSON.stringify(good, null, 2)}\n`);
    return `set aside as ${name}`;
  } catch (error) {
    return `not set aside (${errnoWords(error)})`;
  }
}
