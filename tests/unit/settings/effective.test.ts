/**
 * Which value holds in a run, and which endpoint the Authorization value may go to.
 */
import { describe, expect, test } from 'vitest';
import { defaultSettings, type Settings } from '../../../src/common/settings.ts';
import { changedKeys } from '../../../src/service/settings/changed-keys.ts';
import { effectiveSettings, originOf, overriddenBy } from '../../../src/service/settings/effective.ts';

const a = 'https://a.example/in';
const stored: Settings = { ...defaultSettings, submissionEndpoint: a, submissionAuthHeader: 'Bearer stored' };
const nothing = { overrides: {}, environmentHeader: '' };

describe('which value holds', () => {
  test('what is stored, when the run says nothing', () => {
    expect(effectiveSettings(stored, nothing, null)).toEqual(stored);
  });

  test('--set before the environment before what is stored', () => {
    const environment = { overrides: {}, environmentHeader: 'Bearer environment' };
    expect(effectiveSettings(stored, environment, null).submissionAuthHeader).toBe('Bearer environment');
    const set = { overrides: { submissionAuthHeader: 'Bearer set' }, environmentHeader: 'Bearer environment' };
    expect(effectiveSettings(stored, set, null).submissionAuthHeader).toBe('Bearer set');
    expect(overriddenBy(set)).toEqual({ submissionAuthHeader: 'set' });
    expect(overriddenBy(environment)).toEqual({ submissionAuthHeader: 'environment' });
    expect(overriddenBy(nothing)).toEqual({});
  });

  test('a value of the run that is out of range is refused', () => {
    expect(() => effectiveSettings(stored, { ...nothing, overrides: { trashDays: 0 } }, null)).toThrow(/^trashDays cannot be 0/);
    expect(() => effectiveSettings(stored, { ...nothing, environmentHeader: 'a\nb' }, null)).toThrow(/the given value/);
  });
});

describe('the Authorization value', () => {
  test('stays with the origin it was entered for', () => {
    const elsewhere = { ...nothing, overrides: { submissionEndpoint: 'https://b.example/in' } };
    expect(effectiveSettings(stored, elsewhere, null).submissionAuthHeader).toBe('');
    const samePlace = { ...nothing, overrides: { submissionEndpoint: 'https://a.example/other' } };
    expect(effectiveSettings(stored, samePlace, null).submissionAuthHeader).toBe('Bearer stored');
  });

  test('that was stored before there was an endpoint goes with the endpoint of the run', () => {
    const early = { ...stored, submissionEndpoint: '' };
    const run = { ...nothing, overrides: { submissionEndpoint: a } };
    expect(effectiveSettings(early, run, null).submissionAuthHeader).toBe('Bearer stored');
  });

  test('of the run stays with the first origin of the run', () => {
    const run = { ...nothing, environmentHeader: 'Bearer environment' };
    expect(effectiveSettings(stored, run, 'https://a.example').submissionAuthHeader).toBe('Bearer environment');
    expect(effectiveSettings(stored, run, 'https://b.example').submissionAuthHeader).toBe('');
  });
});

test('an origin is scheme, host and port', () => {
  expect(originOf('')).toBeNull();
  expect(originOf('http://127.0.0.1:8080/x?y')).toBe('http://127.0.0.1:8080');
});

test('lists and maps that hold the same are no change', () => {
  const other = { ...defaultSettings, capturePorts: [...defaultSettings.capturePorts], trashDays: 8 };
  expect(changedKeys(defaultSettings, other)).toEqual(['trashDays']);
});
