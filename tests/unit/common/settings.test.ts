/**
 * What is said of a setting that is refused: the key, the value that was given, the range, and never a secret.
 */
import { describe, expect, test } from 'vitest';
import { changedSettings, defaultSettings } from '../../../src/common/settings.ts';

const refusalOf = (change: Record<string, unknown>) => {
  try {
    changedSettings({ ...defaultSettings, retentionDays: 12 }, change);
  } catch (error) {
    return (error as Error).message;
  }
  return 'taken';
};

describe('a refusal names what was given', () => {
  test('also when that is nothing, not the value that stays', () => {
    expect(refusalOf({ retentionDays: null })).toBe(
      'retentionDays cannot be null: it must be a whole number 1-365 (days). The old value stays.',
    );
  });

  test('and says in one sentence what a map or an object must be', () => {
    expect(refusalOf({ submissionStatusRules: { 409: 'fine' } })).toBe(
      'submissionStatusRules cannot be {"409":"fine"} (at 409): it must map HTTP statuses (100-599) to accepted, later, refused or endpoint. The old value stays.',
    );
    const markers = 'it must be an object of enq, stx, frameEnd, ack and eot. The old value stays.';
    expect(refusalOf({ captureMarkers: '{bad' })).toBe(`captureMarkers cannot be "{bad": ${markers}`);
    expect(refusalOf({ captureMarkers: { etx: '03' } })).toBe(`captureMarkers cannot be {"etx":"03"}: ${markers}`);
  });
});

test.each([
  ['https://user:hidden@host.example/', 'https://host.example/'],
  ['user:hidden@host.example', 'not a URL'],
  ['ftp://host.example/in?token=hidden', 'ftp://host.example/in'],
  ['http://user:hidden@bad host/', 'not a URL'],
])('an address that cannot be used is shown without credentials: %s', (address, shown) => {
  expect(refusalOf({ submissionEndpoint: address })).toContain(`submissionEndpoint cannot be "${shown}": `);
});

test('an address in a list is not shown at all', () => {
  expect(refusalOf({ submissionProxy: ['http://user:hidden@proxy.example'] })).toMatch(
    /^submissionProxy cannot be the given value: /,
  );
});
