/**
 * The key to the console and the API: one for each data directory, held by the operator's browser as a cookie and by
 * scripts as a Bearer token.
 * May import: node.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A new token: 32 random bytes in base64url, 43 characters that need no escaping in a URL, a header or a cookie. */
export const makeToken = (): string => randomBytes(32).toString('base64url');

/** Whether two tokens are equal, in a time that tells nothing about either, their lengths included. */
export function isSameToken(given: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

/** Browsers send the cookies of a host to all its ports, so the name tells one service on this machine from another. */
export const cookieName = (port: number): string => `hl7_courier_${port}`;

/** `Set-Cookie` that lets this browser in until it is closed: out of reach of scripts and of other sites. */
export const tokenCookie = (port: number, token: string): string =>
  `${cookieName(port)}=${token}; Path=/; HttpOnly; SameSite=Strict`;

/** Values of all cookies of that name: another port of this host may have set one for another path. */
export function cookieValues(header: string | undefined, name: string): string[] {
  return (header ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
}
