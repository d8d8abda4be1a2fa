/**
 * What a malformed payload is told: one sentence that names the field, and never the value.
 */
import { expect, test } from 'vitest';
import { requestNames, requests } from '../../../../src/common/contract.ts';
import type { RequestName } from '../../../../src/common/contract.ts';
import { CourierError } from '../../../../src/common/errors.ts';
import { checkedParams, isRequestName } from '../../../../src/common/payload.ts';

test('a payload that fits is handed on as the contract types it', () => {
  expect(checkedParams('getSession', { sessionId: 'a-1' })).toEqual({ sessionId: 'a-1' });
  expect(checkedParams('updateSettings', { retentionDays: 'checked later' })).toEqual({ retentionDays: 'checked later' });
});

test('a missing payload is an empty one', () => {
  expect(checkedParams('getStatus', undefined)).toEqual({});
});

test.each<[RequestName, unknown, string]>([
  ['getSession', {}, '"sessionId" is missing'],
  ['getSession', [], 'it must be a JSON object (expected object, received array)'],
  ['getSession', null, 'it must be a JSON object (expected object, received null)'],
  ['getSession', 'x', 'it must be a JSON object (expected object, received string)'],
  ['getSession', { sessionId: 'a', x: 1 }, 'it has no field "x"'],
  ['getSession', { sessionId: 'con' }, '"sessionId" is wrong (must not be a Windows device name)'],
  [
    'getSession',
    { sessionId: '../../etc/passwd' },
    '"sessionId" is wrong (must be 1-128 letters, digits, "_" or "-", and begin with a letter or digit)',
  ],
  ['deleteSession', 5, 'it must be a JSON object (expected object, received number)'],
  ['deleteSession', {}, 'one of "sessionId", "sessionIds", "filter" must be given'],
  ['deleteSession', { foo: 1 }, 'one of "sessionId", "sessionIds", "filter" must be given'],
  [
    'deleteSession',
    { sessionIds: ['ok', '..'] },
    '"sessionIds.1" is wrong (must be 1-128 letters, digits, "_" or "-", and begin with a letter or digit)',
  ],
  [
    'deleteSession',
    { filter: { status: ['gone'] } },
    '"filter.status.0" is wrong (expected one of "pending"|"submitted"|"failed"|"ignored")',
  ],
  ['retrySubmission', { sessionId: 'a', again: 'yes' }, '"again" is wrong (expected boolean, received string)'],
  ['getSessions', { limit: 1001 }, '"limit" is wrong (expected number to be <=1000)'],
  ['getSessions', { limit: -1 }, '"limit" is wrong (expected number to be >=0)'],
  ['getSessions', { offset: 1.5 }, '"offset" is wrong (expected int, received number)'],
  ['getSessions', { filter: { from: 'yesterday' } }, '"filter.from" is wrong (expected number, received string)'],
  ['updateSettings', { colour: 'red' }, 'it has no field "colour"'],
])('%s with %j: %3$s', (name, payload, sentence) => {
  expect(() => checkedParams(name, payload)).toThrow(
    new CourierError('ERR_PAYLOAD_INVALID', `The payload of ${name} is not valid: ${sentence}.`),
  );
});

test('a refusal never repeats what was given', () => {
  const secret = 'Bearer 0123456789';
  const objections = requestNames.flatMap((name) => {
    const payload = { sessionId: secret, sessionIds: [secret], filter: { status: [secret], text: 7 }, jobId: [secret] };
    const parsed = requests[name].params.safeParse(payload);
    return parsed.success ? [] : [messageOf(() => checkedParams(name, payload))];
  });
  expect(objections.length).toBeGreaterThan(10);
  expect(objections.filter((message) => message.includes(secret))).toEqual([]);
});

test('a field name of a megabyte does not make a sentence of a megabyte', () => {
  expect(messageOf(() => checkedParams('getSession', { sessionId: 'a', ['x'.repeat(1e6)]: 1 })).length).toBeLessThan(200);
});

test('names of Object.prototype are no requests', () => {
  expect(['getStatus', 'constructor', '__proto__', 'toString', ''].map(isRequestName)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return String((error as Error).message);
  }
  return '';
}
