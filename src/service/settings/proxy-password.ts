/**
 * The password in a proxy's address is a secret: no console, no export and no event gets it. What is shown in its place may
 * be sent back with a change, and means the password that is stored.
 * May import: src/common.
 */
import { CourierError } from '../../common/errors.ts';
import { type Settings, withoutCredentials } from '../../common/settings.ts';

/** Stands where a password is; none that a proxy takes looks like this. */
const mask = '********';

/** A proxy's address as it may be shown; one without a password is shown as it was entered. */
export function withoutProxyPassword(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || url.password === '') return address;
  url.password = mask;
  return url.href;
}

/**
 * A change as it was meant: with the stored password where the address as it is shown came back.
 * @throws CourierError when the address is another one: a password goes only to the proxy it was entered for.
 */
export function withProxyPassword(
  change: Readonly<Record<string, unknown>>,
  { submissionProxy: stored }: Settings,
): Readonly<Record<string, unknown>> {
  const { submissionProxy: address } = change;
  if (typeof address !== 'string' || !URL.canParse(address) || new URL(address).password !== mask) return change;
  if (new URL(address).href === withoutProxyPassword(stored)) return { ...change, submissionProxy: stored };
  throw new CourierError(
    'ERR_SETTING_OUT_OF_RANGE',
    `submissionProxy cannot be "${withoutCredentials(address)}" with a password that is not shown: enter the password in place of ${mask}. The old value stays.`,
  );
}
