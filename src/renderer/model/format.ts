/**
 * Times, durations, counts and sizes as the operator reads them: local zone, grouping of the locale.
 * May import: nothing.
 */

const clockFormat = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const minuteFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
/** The console speaks English: names of days and months do, too. Their order is the reader's where that is an English one. */
const wordsLocale = /^en\b/i.test(new Intl.DateTimeFormat().resolvedOptions().locale) ? undefined : 'en-GB';
const dayFormat = new Intl.DateTimeFormat(wordsLocale, { day: 'numeric', month: 'short' });
const weekdayFormat = new Intl.DateTimeFormat(wordsLocale, { weekday: 'long' });
const weekdayOfFormat = new Intl.DateTimeFormat(wordsLocale, { weekday: 'short', day: 'numeric' });
const exactFormat = new Intl.DateTimeFormat(wordsLocale, {
  weekday: 'short',
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
  timeZoneName: 'shortOffset',
});
const zoneFormat = new Intl.DateTimeFormat('en', { timeZoneName: 'shortOffset' });
const countFormat = new Intl.NumberFormat(undefined);
const tenthsFormat = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const wholeTenthsFormat = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hundredthsFormat = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 2 });

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A session file of another program may hold a time that no calendar does (ECMA-262, 21.4.1.1). */
export const isTime = (at: number): boolean => Math.abs(at) <= 8.64e15;
const noTime = '–';
const told = (format: Intl.DateTimeFormat, at: number): string => (isTime(at) ? format.format(at) : noTime);

export const count = (value: number): string => countFormat.format(value);
/** `1 session`, `38 sessions`. */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;
/** `1 stays`, `38 stay`. */
export const verb = (value: number, one: string, many: string): string => (value === 1 ? one : many);

/** `09:52:31` */
export const clock = (at: number): string => told(clockFormat, at);
/** `09:52` */
export const minute = (at: number): string => told(minuteFormat, at);
/** `09:52:31.114` */
export const clockMs = (at: number): string =>
  isTime(at) ? `${clock(at)}.${String(Math.floor(at % secondMs)).padStart(3, '0')}` : noTime;
/** `Today 09:52:31`, `yesterday 16:20`, `12 Nov 16:20`. */
export function day(at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days === 0) return `Today ${clock(at)}`;
  if (days === 1) return `Yesterday ${minute(at)}`;
  return dayAndMinute(at);
}
/** `today 09:52:31`, `yesterday 16:20`, `12 Nov 16:20`: within a sentence. */
export const dayWithin = (at: number, now: number): string =>
  day(at, now).replace(/^(Today|Yesterday)/, (word) => word.toLowerCase());
/** `09:52` today, else as above. */
export const brief = (at: number, now: number): string => (daysBetween(at, now) === 0 ? minute(at) : dayWithin(at, now));
/** `09:52:31` today, else with its day: for tables. */
export const moment = (at: number, now: number): string => (daysBetween(at, now) === 0 ? clock(at) : dayAndMinute(at));
/** `09:52` today, else its day: where a table has little room. */
export const minuteOrDay = (at: number, now: number): string => (daysBetween(at, now) === 0 ? minute(at) : told(dayFormat, at));
/** `Mon 12`: under a chart of some days. */
export const weekdayOf = (at: number): string => told(weekdayOfFormat, at);
/** `Monday`, `today`, `12 Nov`. */
export function since(at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days === 0) return minute(at);
  if (days === 1) return 'yesterday';
  return days < 7 ? told(weekdayFormat, at) : told(dayFormat, at);
}
/** The exact instant with its offset, and in UTC: for hovering. */
export const exact = (at: number): string =>
  isTime(at) ? `${exactFormat.format(at)}\n${new Date(at).toISOString()} (UTC)` : `${at} ms: a time that no calendar holds`;

/** `3:12`, `1:02:03`, from a day on `1 d 3 h`: for what is counted down or up. */
export function countdown(durationMs: number): string {
  if (durationMs >= dayMs) return duration(durationMs);
  const seconds = Math.max(0, Math.ceil(durationMs / secondMs));
  const parts = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
/** `142 ms`, `1.24 s`, `2 min 4 s`, `6 d 4 h`. */
export function duration(durationMs: number): string {
  // Between two ticks of the clock a moment ago may lie ahead.
  if (durationMs < secondMs) return `${Math.max(0, Math.round(durationMs))} ms`;
  if (durationMs < 10 * secondMs) return `${hundredthsFormat.format(durationMs / secondMs)} s`;
  if (durationMs < minuteMs) return `${Math.round(durationMs / secondMs)} s`;
  if (durationMs < hourMs) return joined(durationMs, [minuteMs, 'min'], [secondMs, 's']);
  if (durationMs < dayMs) return joined(durationMs, [hourMs, 'h'], [minuteMs, 'min']);
  return joined(durationMs, [dayMs, 'd'], [hourMs, 'h']);
}
/** `0.4 s`, `21.2 s`: for an attempt under way. */
export const soFar = (durationMs: number): string => `${wholeTenthsFormat.format(Math.max(0, durationMs) / secondMs)} s`;
/** `4.2`, `62`, `0`: so many a minute. */
export const rate = (perMinute: number): string =>
  perMinute === 0 ? '0' : perMinute < 10 ? wholeTenthsFormat.format(perMinute) : count(Math.round(perMinute));
/** `4.1 a second`, `6.0 a minute`. */
export const pace = (perSecond: number): string => {
  if (perSecond >= 10) return `${count(Math.round(perSecond))} a second`;
  return perSecond >= 1 || perSecond === 0
    ? `${wholeTenthsFormat.format(perSecond)} a second`
    : `${wholeTenthsFormat.format(perSecond * 60)} a minute`;
};
/** `4 s ago`, `12 min ago`, `3 days ago`. */
export function ago(at: number, now: number): string {
  const passed = Math.max(0, now - at);
  if (passed < 1500) return 'just now';
  if (passed < minuteMs) return `${Math.min(59, Math.round(passed / secondMs))} s ago`;
  if (passed < hourMs) return `${Math.floor(passed / minuteMs)} min ago`;
  if (passed < dayMs) return `${Math.floor(passed / hourMs)} h ago`;
  const days = Math.floor(passed / dayMs);
  return `${counted(days, 'day')} ago`;
}
/** `4.2 KB`, `310 MB`; powers of ten, as disks are sold. */
export function bytes(value: number): string {
  if (value === 1) return '1 byte';
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  let index = 0;
  let rest = value;
  while (rest >= 1000 && index < units.length - 1) {
    rest /= 1000;
    index += 1;
  }
  return `${index === 0 || rest >= 100 ? count(Math.round(rest)) : tenthsFormat.format(rest)} ${units[index]}`;
}
/** `0198c1…7e4d`: an id whose middle gives way. */
export const shortId = (id: string): string => (id.length <= 14 ? id : `${id.slice(0, 6)}…${id.slice(-4)}`);
/** `UTC+1` */
export function zone(at: number): string {
  const parts = zoneFormat.formatToParts(isTime(at) ? at : 0);
  return (parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC').replace('GMT', 'UTC');
}

const dayAndMinute = (at: number): string => (isTime(at) ? `${dayFormat.format(at)} ${minute(at)}` : noTime);
function daysBetween(at: number, now: number): number {
  const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  return Math.round((midnight(now) - midnight(at)) / dayMs);
}
function joined(durationMs: number, [largeMs, large]: [number, string], [smallMs, small]: [number, string]): string {
  const rest = Math.floor((durationMs % largeMs) / smallMs);
  return `${Math.floor(durationMs / largeMs)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}
