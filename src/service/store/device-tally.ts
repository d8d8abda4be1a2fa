/**
 * What is known of each device, kept up to date as sessions come, change and go: of their starts only those that a figure
 * still needs, the others as a number. Made anew from all sessions when the day changes, or when what it needs was cut off.
 * May import: src/common.
 */
import { deviceOf, type HeardDevice, isLater, startsNeeded } from './device-survey.ts';
import type { SessionDigest } from './session-digest.ts';

const hourMs = 60 * 60_000;

interface Place {
  latest: SessionDigest;
  /** Sorted; all from `keptFrom` on, and as many before as the usual gap needs. */
  starts: number[];
  /** Earlier ones that are not in `starts`. */
  cutCount: number;
}
interface Kept {
  midnight: number;
  keptFrom: number;
  places: Map<string, Place>;
}

export class DeviceTally {
  readonly #all: () => Iterable<SessionDigest>;
  /** Null until somebody asks. */
  #kept: Kept | null = null;

  constructor(all: () => Iterable<SessionDigest>) {
    this.#all = all;
  }

  /** The index holds `after` in place of `before` now; undefined: none. */
  replaced(before: SessionDigest | undefined, after: SessionDigest | undefined): void {
    if (this.#kept === null || (before !== undefined && after !== undefined && isHeardAlike(before, after))) return;
    const { places, keptFrom } = this.#kept;
    if (after !== undefined) enter(places, after, keptFrom);
    if (before !== undefined && !leave(places, before)) this.#kept = null;
  }

  /** @returns the one heard last first. */
  devices(at: { now: number; midnight: number }): HeardDevice[] {
    const kept = this.#kept;
    const isFitting = kept !== null && kept.midnight === at.midnight && kept.keptFrom <= at.now - hourMs;
    const { places } = isFitting ? kept : (this.#kept = keptOf(this.#all(), at));
    return [...places.values()]
      .map(({ latest, starts }) => deviceOf(latest, starts, at))
      .sort((a, b) => (isLater(latestOf(a), latestOf(b)) ? -1 : 1));
  }
}

const latestOf = ({ lastSeenAt = 0, latestId }: HeardDevice) => ({ endTime: lastSeenAt, id: latestId });

function isHeardAlike(a: SessionDigest, b: SessionDigest): boolean {
  return a.startTime === b.startTime && a.endTime === b.endTime && a.device === b.device && a.deviceIP === b.deviceIP;
}

const placeOf = ({ device, deviceIP }: SessionDigest): string => `${device}\n${deviceIP}`;

function keptOf(all: Iterable<SessionDigest>, { now, midnight }: { now: number; midnight: number }): Kept {
  const keptFrom = Math.min(midnight, now - hourMs);
  const places = new Map<string, Place>();
  for (const digest of all) {
    if (digest.device === '') continue;
    const place = places.get(placeOf(digest));
    if (place === undefined) places.set(placeOf(digest), { latest: digest, starts: [digest.startTime], cutCount: 0 });
    else {
      place.starts.push(digest.startTime);
      if (isLater(digest, place.latest)) place.latest = digest;
    }
  }
  for (const place of places.values()) {
    const sorted = Float64Array.from(place.starts).sort();
    place.cutCount = Math.max(0, Math.min(placeIn(sorted, keptFrom), sorted.length - startsNeeded));
    place.starts = [...sorted.subarray(place.cutCount)];
  }
  return { midnight, keptFrom, places };
}

function enter(places: Map<string, Place>, digest: SessionDigest, keptFrom: number): void {
  const { device, startTime } = digest;
  if (device === '') return;
  const place = places.get(placeOf(digest));
  if (place === undefined) {
    places.set(placeOf(digest), { latest: digest, starts: [startTime], cutCount: 0 });
    return;
  }
  if (isLater(digest, place.latest)) place.latest = digest;
  const isCutOff = place.cutCount > 0 && startTime < keptFrom && startTime < (place.starts[0] ?? 0);
  if (isCutOff) place.cutCount += 1;
  else place.starts.splice(placeIn(place.starts, startTime), 0, startTime);
}

/** @returns false when what is needed now was not kept. */
function leave(places: Map<string, Place>, digest: SessionDigest): boolean {
  if (digest.device === '') return true;
  const key = placeOf(digest);
  const place = places.get(key) as Place;
  const at = placeIn(place.starts, digest.startTime);
  if (place.starts[at] === digest.startTime) place.starts.splice(at, 1);
  else place.cutCount -= 1;
  if (place.starts.length + place.cutCount === 0) {
    places.delete(key);
    return true;
  }
  const isLatest = place.latest.id === digest.id && place.latest.endTime === digest.endTime;
  return !isLatest && (place.cutCount === 0 || place.starts.length >= startsNeeded);
}

/** Where a number belongs in a sorted list: before the first that is not less. */
function placeIn(sorted: ArrayLike<number>, wanted: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
