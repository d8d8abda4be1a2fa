/**
 * How the console's mirror of the service changes with every word (src/common/contract.ts, "events"). Pure.
 * May import: src/common.
 */
import type { Cause, LogLine, RetryJob, Transition, UnderWay } from '../src/common/console.ts';
import type { CourierEvent, EventPayload, SessionSummary, ShownSettings, Status } from '../src/common/contract.ts';

export interface Mirror {
  status: Status | null;
  settings: ShownSettings | null;
  progress: EventPayload<'onSubmissionProgress'> | null;
  /** Snapshots of the machines that live as long as the service, by name. */
  snapshots: Record<string, EventPayload<'onSnapshot'>>;
  underWay: UnderWay | null;
  /** By id; null before the first word on them. */
  causes: Record<string, Cause> | null;
  jobs: Record<string, RetryJob>;
  /** The latest first. */
  transitions: Transition[];
  /** The latest first. */
  lines: LogLine[];
  cleanup: EventPayload<'onCleanupSummary'> | null;
  /** When the service was last heard, on this computer's clock; null before the first word. */
  lastWordAt: number | null;
  /** Service's clock minus ours. */
  clockOffsetMs: number;
  /** Kinds of messages that could not be understood; each is reported once. */
  garbled: string[];
}

export const emptyMirror: Mirror = {
  status: null,
  settings: null,
  progress: null,
  snapshots: {},
  underWay: null,
  causes: null,
  jobs: {},
  transitions: [],
  lines: [],
  cleanup: null,
  lastWordAt: null,
  clockOffsetMs: 0,
  garbled: [],
};

const transitionsMax = 300;
const linesMax = 2000;

/** The mirror after all words of one frame; fields that no word concerns keep their identity. */
export function mirrored(mirror: Mirror, { words, at }: { words: readonly CourierEvent[]; at: number }): Mirror {
  const next: Mirror = { ...mirror, lastWordAt: at };
  const transitions: Transition[] = [];
  const lines: LogLine[] = [];
  for (const word of words) apply(next, word, { at, transitions, lines });
  if (transitions.length > 0) next.transitions = [...transitions.toReversed(), ...mirror.transitions].slice(0, transitionsMax);
  if (lines.length > 0) next.lines = [...lines.toReversed(), ...mirror.lines].slice(0, linesMax);
  return next;
}

function apply(next: Mirror, word: CourierEvent, frame: { at: number; transitions: Transition[]; lines: LogLine[] }): void {
  switch (word.name) {
    case 'onStatus':
      next.status = word.payload;
      if (word.payload.now !== undefined) next.clockOffsetMs = word.payload.now - frame.at;
      break;
    case 'onSettings':
      next.settings = word.payload;
      break;
    case 'onSubmissionProgress':
      next.progress = word.payload;
      break;
    case 'onSnapshot':
      // A session lives for moments and there are many: `onUnderWay` tells of them.
      if (word.payload.machine !== 'session') next.snapshots = { ...next.snapshots, [word.payload.machine]: word.payload };
      break;
    case 'onUnderWay':
      next.underWay = word.payload;
      break;
    case 'onCauses':
      next.causes = { ...next.causes, ...Object.fromEntries(word.payload.causes.map((cause) => [cause.id, cause])) };
      break;
    case 'onRetryJob':
      next.jobs = { ...next.jobs, [word.payload.id]: word.payload };
      break;
    case 'onTransitions':
      frame.transitions.push(...word.payload.transitions);
      break;
    case 'onLog':
      frame.lines.push(...word.payload.lines);
      break;
    case 'onCleanupSummary':
      next.cleanup = word.payload;
      break;
    case 'onSubmissionResult':
    case 'onSessionsChanged':
      // Rows are patched where they are shown: see `changeOf`.
      break;
  }
}

/** The session changes of one frame, put together: each session once, as it is now. */
export function changeOf(words: readonly CourierEvent[]): EventPayload<'onSessionsChanged'> {
  const added = new Map<string, SessionSummary>();
  const changed = new Map<string, SessionSummary>();
  const removed = new Set<string>();
  for (const word of words) {
    if (word.name !== 'onSessionsChanged') continue;
    for (const summary of word.payload.added) added.set(summary.sessionId, summary);
    for (const summary of word.payload.changed) (added.has(summary.sessionId) ? added : changed).set(summary.sessionId, summary);
    for (const id of word.payload.removed) {
      added.delete(id);
      changed.delete(id);
      removed.add(id);
    }
  }
  return { added: [...added.values()], changed: [...changed.values()], removed: [...removed] };
}

/**
 * All causes and retries there are, as the service lists them: what ended while nobody listened is not told of again.
 * @param since the mirror as it was when the list was asked for: what was heard after that is newer than the list.
 */
export function withListed(
  mirror: Mirror,
  { causes, jobs, since }: { causes: readonly Cause[]; jobs: readonly RetryJob[]; since: Pick<Mirror, 'causes' | 'jobs'> },
): Pick<Mirror, 'causes' | 'jobs'> {
  return {
    causes: { ...byId(causes), ...heardSince(mirror.causes ?? {}, since.causes ?? {}) },
    jobs: { ...byId(jobs), ...heardSince(mirror.jobs, since.jobs) },
  };
}
const byId = <Item extends { id: string }>(items: readonly Item[]): Record<string, Item> =>
  Object.fromEntries(items.map((item) => [item.id, item]));
const heardSince = <Item>(now: Record<string, Item>, then: Record<string, Item>): Record<string, Item> =>
  Object.fromEntries(Object.entries(now).filter(([id, item]) => item !== then[id]));

/** How many sessions were captured or ended between two words on the status. */
export function changesBetween(before: Status | null, words: readonly CourierEvent[]): number {
  const after = words.find((word) => word.name === 'onStatus')?.payload;
  if (before === null || after === undefined) return 0;
  return (['pending', 'submitted', 'failed', 'ignored'] as const).reduce(
    (sum, key) => sum + Math.abs(after[key] - before[key]),
    0,
  );
}

/** A kind of message that could not be understood is written down once. */
export function withGarbled(mirror: Mirror, { name, at }: { name: string; at: number }): Pick<Mirror, 'garbled' | 'lines'> {
  if (mirror.garbled.includes(name)) return { garbled: mirror.garbled, lines: mirror.lines };
  const line: LogLine = {
    seq: 0,
    at: at + mirror.clockOffsetMs,
    level: 'warn',
    room: 'console',
    message: `A message from the service could not be understood (${name}). Ignored.`,
  };
  return { garbled: [...mirror.garbled, name], lines: [line, ...mirror.lines] };
}
