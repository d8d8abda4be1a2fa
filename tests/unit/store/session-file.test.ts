/**
 * What counts as a session file, and what is said of one that does not.
 * May import: src/service/store, tests/support.
 */
import { expect, test } from 'vitest';
import { objectionTo, parseSession, serialiseSession } from '../../../src/service/store/session-file.ts';
import { storedSession } from '../../support/stored-session.ts';

const bytesOf = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const reasonOf = (value: unknown) => {
  const parsed = parseSession(bytesOf(value), 's1');
  return parsed.type === 'damaged' ? parsed.reason : 'none';
};
const sessionOf = (value: unknown) => {
  const parsed = parseSession(bytesOf(value), 's1');
  if (parsed.type === 'damaged') throw new Error(parsed.reason);
  return parsed.session;
};

test('a session is read as it was written, unknown fields and all', () => {
  const session = { ...storedSession('s1'), ward: { name: 'ICU', beds: [1, 2] } };
  expect(sessionOf(session)).toEqual(session);
  expect(parseSession(serialiseSession(session), 's1')).toEqual({ type: 'session', session });
});

test('a byte order mark is tolerated', () => {
  expect(sessionOf(`\uFEFF${JSON.stringify(storedSession('s1'))}`)).toEqual(storedSession('s1'));
});

test('a session without a status is pending and untried', () => {
  const { submissionStatus: _, submissionAttempts: __, submissionHistory: ___, ...session } = storedSession('s1');
  expect(sessionOf(session)).toMatchObject({ submissionStatus: 'pending', submissionAttempts: 0, submissionHistory: [] });
});

test('the older spelling of the metadata is read', () => {
  const { _version: _, _saved_at: __, persistedUntil: ___, ...session } = storedSession('s1');
  const older = { ...session, _metadata: { version: 1, savedAt: 1000, retentionDays: 2 } };
  const { _metadata, ...read } = sessionOf(older);
  expect(_metadata).toBeUndefined();
  expect(read).toMatchObject({ _version: 1, _saved_at: 1000, persistedUntil: 1000 + 2 * 86_400_000 });
  expect(sessionOf({ ...older, _metadata: { savedAt: '1970-01-01T00:00:02Z' }, persistedUntil: 5 })).toMatchObject({
    _saved_at: 2000,
    persistedUntil: 5,
  });
  expect(reasonOf({ ...older, _metadata: { savedAt: 'yesterday' } })).toBe('The field "_saved_at" is missing.');
});

test('the older spelling of bytes is read', () => {
  const element = (rawBytes: unknown) => ({ id: 1, timestamp: 1, direction: 'pc-to-device', type: 'ack', rawBytes });
  const read = sessionOf({ ...storedSession('s1'), elements: [element({ type: 'Buffer', data: [6, 255] })] });
  expect(read.elements).toEqual([{ id: 1, timestamp: 1, direction: 'pc-to-device', type: 'ack', hexData: '06ff' }]);
  const reason = 'The field "elements[0].rawBytes" must be a list of bytes.';
  for (const raw of [{ type: 'Buffer', data: [256] }, { type: 'Text', data: [] }, 'abc'])
    expect(reasonOf({ ...storedSession('s1'), elements: [element(raw)] })).toBe(reason);
});

const without = (field: string) => Object.fromEntries(Object.entries(storedSession('s1')).filter(([name]) => name !== field));
test.each([
  ['', 'The file is empty.'],
  ['\0\0\0\0', 'The file holds nothing but zero bytes; a power cut can leave it so.'],
  ['{"id": "s1", "messages": ["MSH|Doe', 'The file ends in the middle: its JSON is cut short.'],
  ['{"id": "s1",', 'The file ends in the middle: its JSON is cut short.'],
  ['{"id": Doe}', 'The file is not JSON.'],
  ['{"id": 1 Doe}', 'The file is not JSON: the fault is at character 9.'],
  ['[]', 'The file does not hold one JSON object.'],
  ['null', 'The file does not hold one JSON object.'],
  ['"MSH|Doe"', 'The file does not hold one JSON object.'],
  [without('messages'), 'The field "messages" is missing.'],
  [without('_version'), 'The field "_version" is missing.'],
  [{ ...storedSession('s1'), startTime: 'Doe' }, 'The field "startTime" must be of type number.'],
  [{ ...storedSession('s1'), messages: ['MSH', 7] }, 'The field "messages[1]" must be of type string.'],
  [{ ...storedSession('s1'), elements: 'Doe' }, 'The field "elements" must be of type array.'],
  [{ ...storedSession('s1'), elements: [null] }, 'The field "elements[0]" must be of type object.'],
  [
    { ...storedSession('s1'), submissionStatus: 'sent' },
    'The field "submissionStatus" must be "pending" or "submitted" or "failed" or "ignored".',
  ],
  [{ ...storedSession('s1'), _version: 2 }, 'The field "_version" must be 1.'],
  [
    { ...storedSession('s1'), submissionHistory: [{ Doe: 1 }] },
    'The field "submissionHistory[0]" has none of the forms it may have.',
  ],
  [storedSession('s2'), 'The id in the file does not match the name of the file.'],
] as [unknown, string][])('a damaged file is described: $1', (value, reason) => {
  expect(reasonOf(value)).toBe(reason);
});

test('what could not be written back is no session, before anything is sent', () => {
  const nested = (levels: number) =>
    JSON.stringify({ ...storedSession('s1'), ward: 0 }).replace('"ward":0', `"ward":${'['.repeat(levels)}${']'.repeat(levels)}`);
  expect(reasonOf(nested(99))).toBe('none');
  for (const levels of [100, 100_000])
    expect(reasonOf(nested(levels))).toBe('The file nests its fields more than 100 levels deep.');
});

test('an id that climbs out of the folder is named', () => {
  expect(reasonOf({ ...storedSession('s1'), id: '../s1' })).toMatch(/^The field "id" is not valid: must be 1-128 letters/);
});

test('bytes that are no UTF-8 are no session', () => {
  expect(parseSession(new Uint8Array([0x7b, 0xff, 0x7d]), 's1')).toEqual({
    type: 'damaged',
    reason: 'The file is not valid UTF-8.',
  });
});

test('a session that could not be read back is not to be written', () => {
  expect(objectionTo(storedSession('s1'))).toBeNull();
  expect(objectionTo({ ...storedSession('s1'), startTime: -1 })).toMatch(/^The field "startTime" is not valid/);
});
