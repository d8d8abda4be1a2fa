/**
 * The settings (design section 5): one schema for the desktop's electron-store, the headless host's conf, the command
 * line's `--set` and the console's form. A refusal names the key, the value (never a secret's) and the range.
 * May import: zod, src/common.
 */
import { z } from 'zod';
import { CourierError } from './errors.ts';
import { answerClass } from './outcome.ts';

const wholeNumber = (min: number, max: number, unit: string) =>
  z
    .number({ error: `must be a whole number ${min}-${max}${unit}` })
    .int({ error: `must be a whole number ${min}-${max}${unit}` })
    .min(min, { error: `must be a whole number ${min}-${max}${unit}` })
    .max(max, { error: `must be a whole number ${min}-${max}${unit}` });

const httpUrl = (value: string): URL | null => {
  const url = URL.canParse(value) ? new URL(value) : null;
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '' ? url : null;
};
const endpointRange = 'must be empty or an http(s) URL without user info and without a fragment';
const rulesRange = 'must map HTTP statuses (100-599) to accepted, later, refused or endpoint';
const hasControlCharacter = (value: string) => [...value].some((character) => character < ' ' || character === '\u007F');
const flag = z.boolean({ error: 'must be true or false' });
const text = z.string({ error: 'must be text' });
const pemFile = text.refine((value) => !value.includes('\0'), { error: 'must be empty or the path of a PEM file' });
const port = wholeNumber(1, 65_535, ' (a TCP port)');
const markerBytes = z
  .string({ error: 'must be one to four bytes as hexadecimal digits' })
  .regex(/^([0-9A-Fa-f]{2}){1,4}$/, { error: 'must be one to four bytes as hexadecimal digits' });

/** The bytes that frame LIS style traffic, as hexadecimal digits. */
export const captureMarkers = z.strictObject(
  {
    enq: markerBytes.default('05'),
    stx: markerBytes.default('02'),
    frameEnd: markerBytes.default('0D0A'),
    ack: markerBytes.default('06'),
    eot: markerBytes.default('04'),
  },
  { error: 'must be an object of enq, stx, frameEnd, ack and eot' },
);

export const settingsShape = {
  submissionEndpoint: text
    .refine(
      (value) =>
        value === '' ||
        (httpUrl(value) !== null && !value.includes('#') && httpUrl(value)?.username === '' && httpUrl(value)?.password === ''),
      { error: endpointRange },
    )
    .default(''),
  allowInsecureEndpoint: flag.default(false),
  submissionAuthHeader: text
    .refine((value) => !hasControlCharacter(value) && [...value].every((character) => character <= '\u00FF'), {
      error: 'must be the value of an Authorization header, without control characters',
    })
    .default(''),
  submissionCaFile: pemFile.default(''),
  submissionClientCertFile: pemFile.default(''),
  submissionClientKeyFile: pemFile.default(''),
  submissionConcurrency: wholeNumber(1, 10, '').default(2),
  submissionMaxRetries: wholeNumber(1, 10, ' (attempts in all)').default(3),
  submissionIntervalMinutes: wholeNumber(1, 60, ' (minutes)').default(5),
  submissionTimeoutSeconds: wholeNumber(1, 300, ' (seconds)').default(30),
  submissionBackoffJitter: z
    .number({ error: 'must be a number 0-1' })
    .min(0, { error: 'must be a number 0-1' })
    .max(1, { error: 'must be a number 0-1' })
    .default(0.1),
  submissionStatusRules: z
    .record(z.string().regex(/^[1-5][0-9]{2}$/, { error: rulesRange }), z.enum(answerClass.options, { error: rulesRange }), {
      error: rulesRange,
    })
    .default({}),
  submissionProxy: text
    .refine((value) => value === '' || httpUrl(value) !== null, { error: 'must be empty or an http(s) URL' })
    .default(''),
  submissionPerformer: text
    .refine((value) => !hasControlCharacter(value) && value.length <= 1024, {
      error: 'must be empty or a FHIR reference of at most 1024 characters',
    })
    .default(''),
  enablePersistence: flag.default(true),
  retentionDays: wholeNumber(1, 365, ' (days)').default(30),
  trashDays: wholeNumber(1, 365, ' (days)').default(7),
  cleanupIntervalHours: wholeNumber(1, 168, ' (hours)').default(24),
  dryRunMode: flag.default(false),
  captureInterface: text
    .refine((value) => !hasControlCharacter(value) && !value.startsWith('-') && value.length <= 256, {
      error: 'must be empty or the name of a network interface',
    })
    .default(''),
  capturePorts: z
    .array(port, { error: 'must be a list of TCP ports' })
    .max(64, { error: 'must be a list of at most 64 TCP ports' })
    .default([2575]),
  captureDevicePorts: z
    .array(port, { error: 'must be a list of TCP ports' })
    .max(64, { error: 'must be a list of at most 64 TCP ports' })
    .default([]),
  captureFraming: z.enum(['auto', 'mllp', 'lis'], { error: 'must be auto, mllp or lis' }).default('auto'),
  captureIdleMinutes: wholeNumber(1, 240, ' (minutes)').default(60),
  captureMarkers: captureMarkers.prefault({}),
  logLevel: z.enum(['error', 'warn', 'info', 'debug'], { error: 'must be error, warn, info or debug' }).default('info'),
};

export const settingsSchema = z.strictObject(settingsShape);
export type Settings = z.infer<typeof settingsSchema>;
export type SettingKey = keyof Settings;
export const settingKeys = Object.keys(settingsShape) as SettingKey[];

/** Settings whose value is never shown, logged or sent to the console. */
export const secretKeys: readonly SettingKey[] = ['submissionAuthHeader'];

export const defaultSettings: Settings = settingsSchema.parse({});

/** Whether a host name means this computer: plain http may go there without `allowInsecureEndpoint`. */
export function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
  );
}

const shown = (key: string, value: unknown): string => {
  if (secretKeys.includes(key as SettingKey)) return 'the given value';
  if (key === 'submissionEndpoint' || key === 'submissionProxy') {
    if (typeof value === 'string') return `"${withoutCredentials(value)}"`;
    // A list or an object may hold an address with credentials.
    if (typeof value === 'object' && value !== null) return 'the given value';
  }
  return String(JSON.stringify(value)).slice(0, 200);
};

/** An address as it may be shown: without user info and query; text that is no URL stays out of sight. */
export function withoutCredentials(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  // Without "//" a user's name reads as a scheme, and the password as the path.
  if (url === null || url.host === '') return 'not a URL';
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/**
 * `current` with `change` applied, all or nothing.
 * @throws CourierError `ERR_SETTING_UNKNOWN` or `ERR_SETTING_OUT_OF_RANGE`; its message names key, value and range.
 */
export function changedSettings(current: Settings, change: Readonly<Record<string, unknown>>): Settings {
  for (const key of Object.keys(change)) {
    if (!Object.hasOwn(settingsShape, key))
      throw new CourierError(
        'ERR_SETTING_UNKNOWN',
        `There is no setting "${key.slice(0, 80)}"; the settings are ${settingKeys.join(', ')}.`,
      );
  }
  const parsed = settingsSchema.safeParse({ ...current, ...change });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = String(issue?.path[0] ?? 'settings');
    const place = issue !== undefined && issue.path.length > 1 ? ` (at ${issue.path.slice(1).join('.')})` : '';
    throw new CourierError(
      'ERR_SETTING_OUT_OF_RANGE',
      `${key} cannot be ${shown(key, Object.hasOwn(change, key) ? change[key] : current[key as SettingKey])}${place}: it ${issue?.message ?? 'is out of range'}. The old value stays.`,
    );
  }
  assertEndpointIsSafe(parsed.data);
  return parsed.data;
}

/** Plain http to anything but this computer needs a decision of its own (design section 5). */
function assertEndpointIsSafe(settings: Settings): void {
  const url = settings.submissionEndpoint === '' ? null : new URL(settings.submissionEndpoint);
  if (url !== null && url.protocol === 'http:' && !isLoopbackHost(url.hostname) && !settings.allowInsecureEndpoint)
    throw new CourierError(
      'ERR_SETTING_OUT_OF_RANGE',
      `submissionEndpoint cannot be "${withoutCredentials(settings.submissionEndpoint)}": plain http would send patient data unencrypted. Use https, or set allowInsecureEndpoint to true. The old value stays.`,
    );
  if ((settings.submissionClientCertFile === '') !== (settings.submissionClientKeyFile === ''))
    throw new CourierError(
      'ERR_SETTING_OUT_OF_RANGE',
      `submissionClientCertFile and submissionClientKeyFile belong together: set both or neither. The old values stay.`,
    );
}
