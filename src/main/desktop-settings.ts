/**
 * The settings of the desktop, kept by electron-store: same keys and same file as the headless host's
 * (src/service/settings/backing.ts).
 * May import: electron, electron-store, src/service.
 */
import { ipcMain } from 'electron';
import ElectronStore from 'electron-store';
import { backingOf, type SettingsBacking, storeOptions } from '../service/settings/backing.ts';

/** What electron-store answers to any page that asks: the user's folder. Our pages do not ask, and others shall not. */
const openChannel = 'electron-store-get-data';

export const electronStoreBacking = (dataDir: string): SettingsBacking =>
  backingOf(() => {
    const store = new ElectronStore<Record<string, unknown>>({ cwd: dataDir, name: 'settings', ...storeOptions });
    ipcMain.removeAllListeners(openChannel);
    return store;
  });
