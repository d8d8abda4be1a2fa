/**
 * UUIDv7: the example of RFC 9562, order, and bounds.
 */
import { expect, test } from 'vitest';
import { sessionId } from '../../../src/common/session.ts';
import { uuidV7 } from '../../../src/common/uuid-v7.ts';

test('the example of RFC 9562, appendix A.6, comes out', () => {
  const randomBytes = Uint8Array.from([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
  expect(uuidV7(0x017f22e279b0, randomBytes)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
});

test('ids sort by time, are session ids, and leave the given bytes alone', () => {
  const randomBytes = new Uint8Array(16).fill(255);
  const ids = [0, 1, 999.9, 1_795_500_000_000, 2 ** 48 - 1].map((timeMs) => uuidV7(timeMs, randomBytes));
  expect(ids.toSorted()).toEqual(ids);
  for (const id of ids) expect(sessionId.parse(id)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7fff-bfff-f{12}$/);
  expect(randomBytes).toEqual(new Uint8Array(16).fill(255));
});

test('a time that does not fit and too few bytes are refused', () => {
  for (const timeMs of [-1, 2 ** 48, Number.NaN]) expect(() => uuidV7(timeMs, new Uint8Array(10))).toThrow(RangeError);
  expect(() => uuidV7(0, new Uint8Array(9))).toThrow('randomBytes must be at least 10 bytes, not 9');
});
