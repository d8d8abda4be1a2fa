/**
 * One look over the whole index for the figures that the console shows all the time: today, rates, sessions by cause.
 * Pure, and counted in the reader's thread.
 * May import: src/common.
 */
import type { SessionDigest } from './session-digest.ts';
import { settledAt } from './activity-counts.ts';
import { causeKeyOf, type CauseKey } from './session-cause.ts';

/** Rates are measured over the last five minutes. */
const rateWindowMs = 5 * 60_000;
const causeDevicesMax = 10;
const damagedKeptMs = 7 * 86_400_000;

/** Sessions that stand under one cause now. */
export interface CauseTally extends CauseKey {
  count: number;
  /** Labels, at most ten. */
  devices: string[];
  firstAt: number;
  lastAt: number;
}

export interface Survey {
  pending: { count: number; devices: string[] };
  /** Of session causes, whether they are open or not. */
  causes: CauseTally[];
  today: { captured: number; accepted: number; failed: number; ignored: number };
  /** Within the last five minutes. */
  recent: { captured: number; accepted: number };
}

/** @param at.midnight local midnight of the service, unix ms. */
export function surveyOf(digests: Iterable<SessionDigest>, { now, midnight }: { now: number; midnight: number }): Survey {
  const causes = new Map<string, CauseTally>();
  const pending: Survey['pending'] = { count: 0, devices: [] };
  const today = { captured: 0, accepted: 0, failed: 0, ignored: 0 };
  const recent = { captured: 0, accepted: 0 };
  const recentFrom = now - rateWindowMs;
  for (const digest of digests) {
    const { submissionStatus, endTime, device } = digest;
    if (endTime >= midnight && endTime <= now) today.captured += 1;
    if (endTime > recentFrom && endTime <= now) recent.captured += 1;
    if (submissionStatus === 'pending') {
      pending.count += 1;
      noteDevice(pending.devices, device);
    } else {
      const at = settledAt(digest);
      const name = submissionStatus === 'submitted' ? 'accepted' : submissionStatus;
      if (at >= midnight) today[name] += 1;
      if (name === 'accepted' && at > recentFrom) recent.accepted += 1;
    }
    const key = causeKeyOf(digest);
    if (key !== null && !isLongPast(key, digest, now)) enter(causes, key, digest);
  }
  return { pending, causes: [...causes.values()], today, recent };
}

/** Whether a session belongs to the cause no more, because of its age: damage is shown for a week. */
export function isLongPast(key: CauseKey, { endTime }: SessionDigest, now: number): boolean {
  return key.kind === 'damaged' && endTime < now - damagedKeptMs;
}

function enter(causes: Map<string, CauseTally>, key: CauseKey, digest: SessionDigest): void {
  const at = digest.triedAt === 0 ? digest.savedAt : digest.triedAt + Math.max(0, digest.durationMs);
  const tally = causes.get(key.id);
  if (tally === undefined) {
    causes.set(key.id, { ...key, count: 1, devices: digest.device === '' ? [] : [digest.device], firstAt: at, lastAt: at });
    return;
  }
  tally.count += 1;
  noteDevice(tally.devices, digest.device);
  if (at < tally.firstAt) tally.firstAt = at;
  if (at > tally.lastAt) tally.lastAt = at;
}

function noteDevice(devices: string[], device: string): void {
  if (devices.length < causeDevicesMax && device !== '' && !devices.includes(device)) devices.push(device);
}
