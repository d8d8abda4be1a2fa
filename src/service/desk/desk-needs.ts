/**
 * What the desk needs of the other rooms, and no more: so it can be tried without them.
 * May import: src/common, src/service.
 */
import type { Device, Facets, LogLine } from '../../common/console.ts';
import type { Status } from '../../common/contract.ts';
import type { Settings } from '../../common/settings.ts';
import type { Environment } from '../delivery/proxy.ts';
import type { DiskSpace } from '../disk-space.ts';
import type { EventHub, Timers } from '../event-hub.ts';
import type { Log, ServiceLog } from '../log.ts';
import type { ActivityCounts, ActivityQuery } from '../store/activity-counts.ts';
import type { SessionStore } from '../store/session-store.ts';
import type { Survey } from '../store/session-survey.ts';
import type { SubmissionWorker } from '../submission-worker.ts';

export interface DeskStore extends Pick<SessionStore, 'getSessions' | 'idsMatching' | 'changeStatus' | 'counts'> {
  getFacets(): Promise<Facets>;
  survey(midnight: number): Promise<Survey>;
  devices(midnight: number): Promise<Device[]>;
  activity(query: ActivityQuery): Promise<ActivityCounts>;
  idsOfCause(causeId: string): Promise<string[]>;
}

export type DeskWorker = Pick<SubmissionWorker, 'on' | 'status' | 'triggerNow'>;

export interface DeskSettings {
  current(): Settings;
  preview(change: Readonly<Record<string, unknown>>): Settings;
}

export interface DeskLog extends Pick<Log, 'warn' | 'error'> {
  recent: ServiceLog['recent'];
  onLine(listener: (line: LogLine) => void): () => void;
}

export interface DeskDeps {
  dataDir: string;
  version: string;
  store: DeskStore;
  /** The worker is made with the desk's `inspect`, so it comes later: asked for from `start` on. */
  worker: () => DeskWorker;
  settings: DeskSettings;
  hub: Pick<EventHub, 'isHeard' | 'tell' | 'tellLatest'>;
  log: DeskLog;
  environment: Environment;
  now: () => number;
  timers?: Timers;
  /** What keeps the service from its work, as `status.problems` has it. */
  problems?: () => NonNullable<Status['problems']>;
  /** Something that `statusExtras` tells changed. */
  onStatusChanged?: () => void;
  /** Name of this computer. */
  host?: string;
  /** The system's unless a simulation brings its own. */
  lookAtDisk?: (folder: string) => Promise<DiskSpace>;
}
