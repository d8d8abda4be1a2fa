/**
 * What was changed and not saved yet, checked as it is typed by the schema that the service uses.
 * May import: react, src/common.
 */
import { useCallback, useMemo, useState } from 'react';
import type { ShownSettings } from '../../common/contract.ts';
import { changedSettings, secretKeys, settingsShape, type SettingKey, type Settings } from '../../common/settings.ts';
import { labelOf } from './catalogue.ts';

export type Change = Partial<Record<SettingKey, unknown>>;
export interface Draft {
  /** The value to show: as typed, else as it is. */
  value: (key: SettingKey) => unknown;
  set: (key: SettingKey, value: unknown) => void;
  /** Back to what is saved. */
  drop: (key?: SettingKey) => void;
  /** What differs from what is saved. */
  change: Change;
  size: number;
  /** Grows when all is dropped: fields with a state of their own begin anew. */
  round: number;
  /** What is wrong, by key, in a sentence. */
  errors: Partial<Record<SettingKey, string>>;
  errorsSize: number;
}

/** What was typed stays while the operator looks at another screen, as long as the page lives. */
let kept: Change = {};
export const hasUnsaved = (): boolean => Object.keys(kept).length > 0;

export function useDraft(shown: ShownSettings): Draft {
  const [{ typed, round }, setTyped] = useState<{ typed: Change; round: number }>({ typed: kept, round: 0 });
  const setState = useCallback((next: (before: { typed: Change; round: number }) => { typed: Change; round: number }) => {
    setTyped((before) => {
      const after = next(before);
      kept = after.typed;
      return after;
    });
  }, []);
  return useMemo(() => {
    const current = shown.settings as Partial<Settings>;
    const change: Change = {};
    for (const [key, value] of Object.entries(typed) as [SettingKey, unknown][])
      if (secretKeys.includes(key) || JSON.stringify(value) !== JSON.stringify(current[key])) change[key] = value;
    const errors = errorsOf(change, current);
    return {
      value: (key) => (Object.hasOwn(typed, key) ? typed[key] : current[key]),
      set: (key, value) => setState((before) => ({ ...before, typed: { ...before.typed, [key]: value } })),
      drop: (key) =>
        setState((before) =>
          key === undefined
            ? { typed: {}, round: before.round + 1 }
            : { ...before, typed: Object.fromEntries(Object.entries(before.typed).filter(([each]) => each !== key)) as Change },
        ),
      change,
      size: Object.keys(change).length,
      round,
      errors,
      errorsSize: Object.keys(errors).length,
    };
  }, [typed, round, shown, setState]);
}

function errorsOf(change: Change, current: Partial<Settings>): Draft['errors'] {
  const errors: Draft['errors'] = {};
  for (const [key, value] of Object.entries(change) as [SettingKey, unknown][]) {
    const checked = settingsShape[key].safeParse(value);
    if (checked.success) continue;
    const issue = checked.error.issues[0]?.message ?? 'is not valid';
    errors[key] = `${labelOf(key)} is ${said(key, value)}; it ${issue}. The old value${oldValue(key, current)} stays.`;
  }
  if (Object.keys(errors).length > 0 || Object.keys(change).length === 0) return errors;
  // Rules between settings: plain http, certificate without its key.
  try {
    changedSettings({ ...(current as Settings), submissionAuthHeader: '' }, change);
  } catch (error) {
    const key = (Object.keys(change)[0] ?? 'submissionEndpoint') as SettingKey;
    const message = error instanceof Error ? error.message : 'This is not valid.';
    errors[(Object.keys(change) as SettingKey[]).find((each) => message.includes(each)) ?? key] = message;
  }
  return errors;
}
function said(key: SettingKey, value: unknown): string {
  if (secretKeys.includes(key)) return 'not valid';
  if (value === '') return 'empty';
  return typeof value === 'object' ? 'not valid' : String(value).slice(0, 60);
}
function oldValue(key: SettingKey, current: Partial<Settings>): string {
  const value = current[key];
  return secretKeys.includes(key) || value === '' || value === undefined || typeof value === 'object'
    ? ''
    : `, ${String(value).slice(0, 60)},`;
}

/** `1-300`: the range of a number, as the schema says it; undefined where there is none. */
export function rangeOf(key: SettingKey): string | undefined {
  const refusal = settingsShape[key].safeParse(null);
  return refusal.success ? undefined : /number (\d+-\d+)/.exec(refusal.error.issues[0]?.message ?? '')?.[1];
}

/** A number if it is one; else as typed, so that the schema says what is wrong. */
export function numberOf(text: string): unknown {
  const trimmed = text.trim().replace(',', '.');
  return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : text;
}
/** `2575, 2576` as a list; what is no number stays, so that the schema says what is wrong. */
export function portsOf(text: string): unknown[] {
  return text
    .split(/[\s,;]+/)
    .filter((part) => part !== '')
    .map(numberOf);
}

/**
 * What becomes of the authorization when the endpoint changes, as the end of a sentence: a value stays with the origin it
 * was entered for (src/service/settings/effective.ts).
 */
export function authorizationThen({ settings, secretsSet }: ShownSettings, change: Change): string {
  const entered = change.submissionAuthHeader;
  if (typeof entered === 'string' && entered !== '') return 'with the authorization entered here.';
  if (entered === '' || !secretsSet.includes('submissionAuthHeader')) return 'without authorization.';
  return originOf(settings.submissionEndpoint) === originOf(change.submissionEndpoint)
    ? 'with the authorization they have now.'
    : 'without authorization: the one set now is for the old address, and is removed. Enter it again if the new address wants one.';
}
const originOf = (endpoint: unknown): string | null =>
  typeof endpoint === 'string' && URL.canParse(endpoint) ? new URL(endpoint).origin : null;
