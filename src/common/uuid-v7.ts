/**
 * UUID version 7 (RFC 9562, section 5.7): ids that sort by their time and are unique across workstations and restarts.
 * May import: nothing.
 */

const timeMsMax = 2 ** 48 - 1;
/** An import makes an id for each of some hundred thousand sessions. */
const hexDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * A UUIDv7 in its canonical lower-case form.
 * @param timeMs unix ms, 0 to 2^48-1; fractions are dropped. It becomes the first 48 bits.
 * @param randomBytes at least 10 bytes; 74 of their bits are used. The same bytes give the same id.
 * @throws RangeError for a time or a number of bytes out of these bounds.
 */
export function uuidV7(timeMs: number, randomBytes: Uint8Array): string {
  if (!(timeMs >= 0 && timeMs <= timeMsMax)) throw new RangeError(`timeMs must be 0 to 2^48-1, not ${timeMs}`);
  if (randomBytes.length < 10) throw new RangeError(`randomBytes must be at least 10 bytes, not ${randomBytes.length}`);
  const time = Math.floor(timeMs).toString(16).padStart(12, '0');
  const rest = Uint8Array.from(randomBytes.subarray(0, 10));
  rest[0] = 0x70 | ((rest[0] ?? 0) & 0x0f); // version 7
  rest[2] = 0x80 | ((rest[2] ?? 0) & 0x3f); // variant 10
  let hex = time;
  for (const byte of rest) hex += hexDigits[byte] ?? '';
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
