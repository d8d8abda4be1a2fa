/**
 * Where an answer points with `Location` (RFC 9110, section 10.2.2): scheme, host and port, and nothing else. Path and
 * query may repeat what was sent, user info is a secret or a trick, so none of them reaches an outcome.
 * May import: nothing.
 */

const originLengthMax = 255;
/** What a reference may be made of (RFC 3986); a URL parser would quietly drop or turn round everything else. */
const referenceCharacters = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/;
const plainOrigin = /^https?:\/\/(?:[a-z0-9_][a-z0-9_.-]*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/;

/**
 * The origin that a 3xx answer points to, at most 255 characters: `https://new.example:8443`; that of the endpoint itself
 * for a relative reference. Undefined when there is no `Location`, or an odd one.
 * @param endpoint the address that was asked, absolute.
 */
export function redirectOrigin(httpStatus: number, location: string | undefined, endpoint: string): string | undefined {
  if (httpStatus < 300 || httpStatus > 399 || location === undefined) return undefined;
  if (!referenceCharacters.test(location) || !URL.canParse(location, endpoint)) return undefined;
  const { protocol, origin, username, password } = new URL(location, endpoint);
  // The origin of a `blob:` is that of the address inside it.
  if (!/^https?:$/.test(protocol) || username !== '' || password !== '') return undefined;
  return origin.length <= originLengthMax && plainOrigin.test(origin) ? origin : undefined;
}
