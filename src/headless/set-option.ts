/**
 * `--set key=value`: a setting for this run. A value is JSON if it parses as JSON, else a string (design section 8).
 * May import: src/common.
 */
import { CourierError } from '../common/errors.ts';
import { changedSettings, defaultSettings, type SettingKey } from '../common/settings.ts';

/**
 * The overrides that `--set` options describe, in their order; the last one of a key wins.
 * @throws CourierError for an option without `=` or an unknown key; ranges are checked with the stored settings.
 */
export function parseSetOptions(options: readonly string[]): Record<string, unknown> {
  const overrides: Record<string, unknown> = {};
  for (const option of options) {
    const at = option.indexOf('=');
    if (at < 1)
      throw new CourierError('ERR_ARGUMENT_INVALID', '--set takes key=value, for example --set submissionConcurrency=4.');
    const key = option.slice(0, at);
    if (!Object.hasOwn(defaultSettings, key)) changedSettings(defaultSettings, { [key]: null });
    overrides[key] = valueOf(key as SettingKey, option.slice(at + 1));
  }
  return overrides;
}

/** A text setting that is given JSON of another kind, such as a password of digits, means the text. */
function valueOf(key: SettingKey, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  return typeof defaultSettings[key] === 'string' && typeof value !== 'string' ? text : value;
}
