/**
 * The operator's desk asks the index (src/service/desk): in the reader's thread, because some of these questions look at
 * every digest.
 * May import: src/common.
 */
import type { Device } from '../../common/console.ts';
import type { SessionFile } from '../../common/session.ts';
import type { ActivityCounts, ActivityQuery } from './activity-counts.ts';
import { withTransfer } from './link.ts';
import type { RunningCounts } from './running-counts.ts';
import { causeKeyOf } from './session-cause.ts';
import type { SessionDigest } from './session-digest.ts';
import { isLongPast, type Survey, surveyOf } from './session-survey.ts';

export interface DeskQueries {
  survey(params: { now: number; midnight: number }): Survey;
  devices(params: { now: number; midnight: number }): Device[];
  activity(params: ActivityQuery): ActivityCounts;
  /** Sessions that stand under a cause, whether it is open or not. */
  idsOfCause(params: { causeId: string; now: number }): string[];
}

const facilityLengthMax = 256;

/** @param look reads one session; null when it cannot be read now. */
export function deskQueries(
  { digests, counts: running }: { digests: ReadonlyMap<string, SessionDigest>; counts: RunningCounts },
  look: (id: string, now: number) => SessionFile | null,
): DeskQueries {
  /** By device: the session it was read from, so that each is read once. */
  const facilities = new Map<string, { id: string; facility: string }>();
  const facilityOf = (device: string, id: string, now: number): string => {
    const known = facilities.get(device);
    if (known?.id === id) return known.facility;
    const facility = facilityIn(look(id, now)?.messages[0]);
    facilities.set(device, { id, facility });
    return facility;
  };
  return {
    survey: (params) => surveyOf(digests.values(), params),
    devices: (params) =>
      running.devices(params).map(({ latestId, ...device }) => {
        const facility = facilityOf(`${device.label}\n${device.address}`, latestId, params.now);
        return facility === '' ? device : Object.assign(device, { facility });
      }),
    activity: (params) => {
      const counts = running.activity(params);
      return withTransfer(
        counts,
        Object.values(counts).map(({ buffer }) => buffer as ArrayBuffer),
      );
    },
    idsOfCause: ({ causeId, now }) => {
      const ids: string[] = [];
      for (const digest of digests.values()) {
        const key = causeKeyOf(digest);
        if (key?.id === causeId && !isLongPast(key, digest, now)) ids.push(digest.id);
      }
      return ids;
    },
  };
}

/** MSH-4 of a message; empty when it has none. */
export function facilityIn(message: string | undefined): string {
  if (message === undefined || !message.startsWith('MSH')) return '';
  const end = message.search(/[\r\n]/);
  const header = end === -1 ? message : message.slice(0, end);
  return (header.split(message.charAt(3) || '|', 5)[3] ?? '').slice(0, facilityLengthMax);
}
