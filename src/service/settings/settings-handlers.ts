/**
 * The contract's requests about the settings.
 * May import: src/service.
 */
import type { HandlersOf } from '../handlers.ts';
import type { SettingsStore } from './settings-store.ts';

type Answered = 'getSettings' | 'updateSettings' | 'getSettingsVersions' | 'restoreSettingsVersion';

export function settingsHandlers(settings: SettingsStore): HandlersOf<Answered> {
  return {
    getSettings: () => settings.shown(),
    updateSettings: (change) => settings.update(change),
    getSettingsVersions: () => ({ versions: settings.versions() }),
    restoreSettingsVersion: ({ version }) => settings.restoreVersion(version),
  };
}
