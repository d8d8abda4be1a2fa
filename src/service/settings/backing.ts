/**
 * Where settings are kept between runs: `<data-dir>/settings.json`, flat JSON, written by conf in the headless host and
 * by electron-store, which is built on conf, on the desktop. Same keys, same file format (design section 5).
 * May import: node, conf.
 */
import Conf from 'conf';

/** Reads and writes the whole file. */
export interface SettingsBacking {
  /** @throws when the file cannot be read. */
  read(): Record<string, unknown>;
  /** @throws when the file cannot be written. */
  write(values: Record<string, unknown>): void;
}

/** What conf and electron-store have in common. */
export interface WholeStore {
  store: Record<string, unknown>;
}

/**
 * A backing over conf or electron-store.
 * @param open makes the store. Called at the first use: both refuse a damaged file when they are made, and it is the
 *   settings' own guard that looks at the file before.
 */
export function backingOf(open: () => WholeStore): SettingsBacking {
  let opened: WholeStore | undefined;
  const whole = () => (opened ??= open());
  return {
    read: () => ({ ...whole().store }),
    write: (values) => void (whole().store = values),
  };
}

/** Options that make conf (`configName`) and electron-store (`name`) write the same file. */
export const storeOptions = { accessPropertiesByDotNotation: false, configFileMode: 0o600 } as const;

/** The backing of the headless host. */
export const confBacking = (dataDir: string): SettingsBacking =>
  backingOf(() => new Conf<Record<string, unknown>>({ cwd: dataDir, configName: 'settings', ...storeOptions }));
