/**
 * Devices as the index heard them: one for each pair of label and address, with its usual gap and its silence
 * (docs/console-contract.md, `getDevices`). Pure; device-tally.ts counts.
 * May import: src/common.
 */
import type { Device } from '../../common/console.ts';
import type { SessionDigest } from './session-digest.ts';

const gapsMax = 50;
/** Fewer sessions say nothing about a usual gap. */
const sessionsMin = 5;
const quietMsMin = 120_000;
const spanMs = 120_000;
const spansShown = 30;
const dayMs = 86_400_000;

/** A device, and its latest session: in its file stands what the index does not keep. */
export interface HeardDevice extends Device {
  latestId: string;
}

/** Of the starts of a device's sessions its usual gap needs so many, the latest ones. */
export const startsNeeded = gapsMax + 1;

/** Which of two sessions was heard last; at the same moment, whichever has the greater id. */
export function isLater(a: Pick<SessionDigest, 'id' | 'endTime'>, b: Pick<SessionDigest, 'id' | 'endTime'>): boolean {
  return a.endTime > b.endTime || (a.endTime === b.endTime && a.id > b.id);
}

/** Devices that were heard in the last 24 hours. */
export function heardWithinADay(devices: readonly Device[], now: number): number {
  return devices.filter(({ lastSeenAt = 0 }) => lastSeenAt > now - dayMs).length;
}

/** How long a device may say nothing before it is quiet. */
export const quietAfterMs = (usualGapMs: number): number => Math.max(2 * usualGapMs, quietMsMin);

/**
 * @param starts of its sessions, sorted: at least `startsNeeded`, the last hour's and today's, as far as there are so many.
 * @param at.midnight local midnight of the service, unix ms.
 */
export function deviceOf(
  latest: SessionDigest,
  starts: readonly number[],
  { now, midnight }: { now: number; midnight: number },
): HeardDevice {
  const usualGapMs = starts.length < sessionsMin ? undefined : medianGap(starts.slice(-startsNeeded));
  const silentMs = now - latest.endTime;
  const lastHour = Array.from({ length: spansShown }, () => 0);
  let today = 0;
  for (const start of starts) {
    if (start >= midnight && start <= now) today += 1;
    const span = spansShown - 1 - Math.floor((now - start) / spanMs);
    if (span >= 0 && span < spansShown) lastHour[span] = (lastHour[span] ?? 0) + 1;
  }
  return {
    label: latest.device,
    address: latest.deviceIP,
    lastSeenAt: latest.endTime,
    ...(usualGapMs === undefined ? {} : { usualGapMs }),
    state: usualGapMs === undefined ? 'new' : silentMs > quietAfterMs(usualGapMs) ? 'quiet' : 'talking',
    lastHour,
    today,
    latestId: latest.id,
  };
}

function medianGap(starts: readonly number[]): number {
  const gaps = new Float64Array(starts.length - 1);
  for (let index = 0; index < gaps.length; index++) gaps[index] = (starts[index + 1] as number) - (starts[index] as number);
  gaps.sort();
  const middle = gaps.length >> 1;
  return gaps.length % 2 === 1 ? (gaps[middle] as number) : ((gaps[middle - 1] as number) + (gaps[middle] as number)) / 2;
}
