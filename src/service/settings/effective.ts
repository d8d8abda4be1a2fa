/**
 * Which value of a setting holds in this run: `--set`, then the environment, then what is stored. And to which endpoint
 * the Authorization value may go: one that was entered for an origin is never sent to another (design section 5).
 * May import: src/common, src/service/settings.
 */
import { changedSettings, type SettingKey, type Settings } from '../../common/settings.ts';
import { withProxyPassword } from './proxy-password.ts';

/** What holds for this run only. */
export interface RunSettings {
  /** From `--set`. */
  overrides: Readonly<Record<string, unknown>>;
  /** Value of `HL7_COURIER_AUTH_HEADER`; empty for none. */
  environmentHeader: string;
}

export const environmentHeaderName = 'HL7_COURIER_AUTH_HEADER';

/** Scheme, host and port of an endpoint; null when there is none. */
export const originOf = (endpoint: string): string | null => (endpoint === '' ? null : new URL(endpoint).origin);

/** By what a setting is overridden in this run. */
export function overriddenBy({ overrides, environmentHeader }: RunSettings): Partial<Record<SettingKey, 'set' | 'environment'>> {
  return {
    ...(environmentHeader === '' ? {} : { submissionAuthHeader: 'environment' as const }),
    ...Object.fromEntries(Object.keys(overrides).map((key) => [key, 'set' as const])),
  };
}

/**
 * The settings that hold in this run.
 * @param stored with the stored Authorization value in it.
 * @param runOrigin the origin that a header of `--set` or the environment belongs to: the first one of this run; null
 *   while there was none.
 * @throws CourierError when a value of this run is out of range, or does not go with what is stored.
 */
export function effectiveSettings(stored: Settings, run: RunSettings, runOrigin: string | null): Settings {
  const fromRun = Object.hasOwn(overriddenBy(run), 'submissionAuthHeader');
  const effective = changedSettings(stored, {
    ...(run.environmentHeader === '' ? {} : { submissionAuthHeader: run.environmentHeader }),
    ...run.overrides,
  });
  const owner = fromRun ? runOrigin : originOf(stored.submissionEndpoint);
  const isForeign = owner !== null && owner !== originOf(effective.submissionEndpoint);
  return isForeign ? { ...effective, submissionAuthHeader: '' } : effective;
}

/** Whether sessions go to another origin by this: not by the first endpoint ever. */
function isMoved(before: Settings, after: Settings): boolean {
  const origin = originOf(before.submissionEndpoint);
  return origin !== null && origin !== originOf(after.submissionEndpoint);
}

/**
 * What is stored after an update. A header stays with the origin it was entered for, so a new origin needs it entered again.
 * @throws CourierError naming key, value and range.
 */
export function storedAfter(stored: Settings, change: Readonly<Record<string, unknown>>): Settings {
  const next = changedSettings(stored, withProxyPassword(change, stored));
  return isMoved(stored, next) && !Object.hasOwn(change, 'submissionAuthHeader') ? { ...next, submissionAuthHeader: '' } : next;
}

/**
 * The header after settings.json was edited by hand: the one that the hand left in it, or where secrets are kept; else the
 * one before, if it may go where the sessions go now.
 * @param found.misplaced the value in settings.json; empty when there is none.
 * @param found.kept the value where secrets are kept; null when it cannot be read.
 */
export function headerAfterEdit(
  stored: Settings,
  edited: Settings,
  { misplaced, kept }: { misplaced: string; kept: string | null },
): { header: string; isEntered: boolean } {
  const { submissionAuthHeader: before } = stored;
  if (misplaced !== '') return { header: misplaced, isEntered: true };
  // The desktop's keychain gives up a value itself when the endpoint moves.
  if (kept !== null && kept !== before) return { header: kept, isEntered: kept !== '' || !isMoved(stored, edited) };
  return { header: isMoved(stored, edited) ? '' : before, isEntered: false };
}
