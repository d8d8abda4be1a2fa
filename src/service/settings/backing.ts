/**
 * Where settings are kept between runs: `<data-dir>/settings.json`, flat JSON, written by conf in the headless host and
 * by electron-store, which is built on conf, on the desktop. Same keys, same file format (design section 5).
 * May import: node, conf.
 */
import Conf from 'conf';

/** Reads and writes the whole file. */
export interface SettingsBacking {
  read(): Record<string, unknown>;
  write(values: Record<string, unknown>): void;
}

/** Opens the backing when the file is known to be readable; conf refuses one that is not. */
export type OpenBacking = () => SettingsBacking;

/** A backing over an electron-store or a conf: both give the whole file as `store`. */
export function backingOf(store: { store: Record<string, unknown> }): SettingsBacking {
  return {
    read: () => ({ ...store.store }),
    write: (values) => void (store.store = values),
  };
}

/** What conf and electron-store have to be opened with, so that both write the same file; electron-store calls `configName` `name`. */
export const backingOptions = { configName: 'settings', accessPropertiesByDotNotation: false, configFileMode: 0o600 } as const;

/** The backing of the headless host. */
export const openConf =
  (dataDir: string): OpenBacking =>
  () =>
    backingOf(new Conf<Record<string, unknown>>({ cwd: dataDir, ...backingOptions }));
