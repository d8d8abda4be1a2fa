/**
 * The last ten different states of the settings, so that an operator can go back: `<data-dir>/settings.versions.json`, a
 * list of `{version, at, changed, values}`, the oldest first. Secrets are not in it.
 * May import: node, zod, src/common.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { settingsVersion, type SettingsVersion } from '../../common/console.ts';
import { CourierError } from '../../common/errors.ts';
import { defaultSettings, secretKeys, settingKeys, type Settings } from '../../common/settings.ts';
import { changedKeys } from './changed-keys.ts';
import { writeText } from './durable-text.ts';

const versionsMax = 10;
const fileName = 'settings.versions';
const keptVersions = z.array(settingsVersion.extend({ values: z.record(z.string(), z.unknown()) }));
type KeptVersion = z.infer<typeof keptVersions>[number];

export interface SettingsVersions {
  /** The latest first. */
  list(): SettingsVersion[];
  /** The change that brings a version back; secrets are not part of it. @throws CourierError when it is not kept any more. */
  changeTo(version: number): Record<string, unknown>;
  /** Adds the present state if it differs from the latest. @throws the system's error when it cannot be written. */
  add(settings: Settings, at: number): void;
}

/** Opens the list; one that cannot be read begins anew, as it is a convenience and no record. */
export function openVersions(dataDir: string): SettingsVersions {
  let kept = readVersions(join(dataDir, `${fileName}.json`));
  return {
    list: () => kept.map(({ version, at, changed }) => ({ version, at, changed })).toReversed(),
    changeTo(version) {
      const found = kept.find((entry) => entry.version === version);
      if (found === undefined)
        throw new CourierError(
          'ERR_ARGUMENT_INVALID',
          `There is no version ${version} of the settings any more; load the list again.`,
        );
      const known = settingKeys.filter((key) => !secretKeys.includes(key));
      return Object.fromEntries(known.map((key) => [key, found.values[key] ?? defaultSettings[key]]));
    },
    add(settings, at) {
      const { submissionAuthHeader: _secret, ...values } = settings;
      const latest = kept.at(-1);
      const changed = changedKeys({ ...defaultSettings, ...latest?.values }, { ...defaultSettings, ...values });
      if (changed.length === 0 && latest !== undefined) return;
      kept = [...kept, { version: (latest?.version ?? 0) + 1, at, changed, values }].slice(-versionsMax);
      writeText(dataDir, fileName, '.json', `${JSON.stringify(kept, null, 2)}\n`);
    },
  };
}

function readVersions(path: string): KeptVersion[] {
  try {
    return keptVersions.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return [];
  }
}
