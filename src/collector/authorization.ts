/**
 * Who may use a collector: the `Authorization` header must be the configured one.
 * A browser cannot send a Bearer token by itself, so where one is configured the pages also open with HTTP Basic, any
 * user name, and the token as the password.
 * May import: node.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares in a time that depends on neither text: both are hashed first, so that the lengths are equal. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

const bearerToken = (header: string): string | null => /^Bearer +(\S.*)$/i.exec(header)?.[1] ?? null;

/** The password of a Basic header (RFC 7617); null when it is none. */
function basicPassword(header: string): string | null {
  const encoded = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header)?.[1];
  if (encoded === undefined) return null;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : null;
}

/**
 * Whether a request may pass.
 * @param given the request's `Authorization` header, if any.
 * @param expected the configured header, not empty.
 */
export function isAuthorized(given: string | undefined, expected: string): boolean {
  if (given === undefined) return false;
  const token = bearerToken(expected);
  const password = basicPassword(given);
  // Both comparisons always run: which one failed is nobody's business.
  const asHeader = isSame(given, expected);
  const asPassword = isSame(password ?? '', token ?? '') && password !== null && token !== null;
  return asHeader || asPassword;
}

/** The value of `WWW-Authenticate` for a 401. */
export function challengeFor(expected: string): string {
  const basic = 'Basic realm="HL7 Courier collector", charset="UTF-8"';
  return bearerToken(expected) === null ? basic : `Bearer realm="HL7 Courier collector", ${basic}`;
}
