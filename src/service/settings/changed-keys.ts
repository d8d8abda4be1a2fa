/**
 * Tells which settings differ.
 * May import: node, src/common.
 */
import { isDeepStrictEqual } from 'node:util';
import { settingKeys, type SettingKey, type Settings } from '../../common/settings.ts';

/** Keys whose values differ, in the order of the schema. */
export function changedKeys(before: Settings, after: Settings): SettingKey[] {
  return settingKeys.filter((key) => !isDeepStrictEqual(before[key], after[key]));
}
