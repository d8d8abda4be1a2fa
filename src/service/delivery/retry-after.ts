/**
 * Reads a Retry-After header: how long the endpoint asks us to wait (RFC 9110, section 10.2.3).
 * May import: nothing.
 */

/** Longer than this we do not wait, whatever the endpoint says (design section 6). */
export const retryAfterMsMax = 600_000;

/** The three forms of an HTTP-date (RFC 9110, section 5.6.7): `Date.parse` alone would take almost any text. */
const httpDates = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/**
 * The wait in ms, at most ten minutes; undefined when the header is missing, no number of seconds and no date, or in
 * the past.
 * @param now the current time, unix ms, to which a date is compared.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1000, retryAfterMsMax);
  const form = httpDates.findIndex((pattern) => pattern.test(value));
  if (form === -1) return undefined;
  // The asctime form names no time zone; it is UTC all the same.
  const waitMs = Date.parse(form === 2 ? `${value} GMT` : value) - now;
  return waitMs >= 0 ? Math.min(waitMs, retryAfterMsMax) : undefined;
}
