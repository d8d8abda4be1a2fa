/**
 * Devices as the index heard them: one for each pair of label and address, with its usual gap and its silence
 * (docs/console-contract.md, `getDevices`). Pure, and counted in the reader's thread.
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

interface Heard {
  latest: SessionDigest;
  starts: number[];
}

/** @param midnight local midnight of the service, unix ms. @returns the one heard last first. */
export function devicesOf(digests: Iterable<SessionDigest>, { now, midnight }: { now: number; midnight: number }): HeardDevice[] {
  const devices = new Map<string, Heard>();
  for (const digest of digests) {
    if (digest.device === '') continue;
    const place = `${digest.device}\n${digest.deviceIP}`;
    const heard = devices.get(place);
    if (heard === undefined) devices.set(place, { latest: digest, starts: [digest.startTime] });
    else {
      heard.starts.push(digest.startTime);
      if (digest.endTime > heard.latest.endTime) heard.latest = digest;
    }
  }
  return [...devices.values()]
    .map(({ latest, starts }) => deviceOf(latest, Float64Array.from(starts).sort(), { now, midnight }))
    .sort((a, b) => (b.lastSeenAt as number) - (a.lastSeenAt as number));
}

/** Devices that were heard in the last 24 hours. */
export function heardWithinADay(devices: readonly Device[], now: number): number {
  return devices.filter(({ lastSeenAt = 0 }) => lastSeenAt > now - dayMs).length;
}

/** How long a device may say nothing before it is quiet. */
export const quietAfterMs = (usualGapMs: number): number => Math.max(2 * usualGapMs, quietMsMin);

function deviceOf(
  latest: SessionDigest,
  starts: Float64Array,
  { now, midnight }: { now: number; midnight: number },
): HeardDevice {
  const usualGapMs = starts.length < sessionsMin ? undefined : medianGap(starts.subarray(-gapsMax - 1));
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

function medianGap(starts: Float64Array): number {
  const gaps = new Float64Array(starts.length - 1);
  for (let index = 0; index < gaps.length; index++) gaps[index] = (starts[index + 1] as number) - (starts[index] as number);
  gaps.sort();
  const middle = gaps.length >> 1;
  return gaps.length % 2 === 1 ? (gaps[middle] as number) : ((gaps[middle - 1] as number) + (gaps[middle] as number)) / 2;
}
