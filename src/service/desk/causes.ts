/**
 * The causes the operator is told about: one entry a cause, each a small chart (machines/cause.ts), with what it concerns
 * beside it. What opens and ends them is in cause-rules.ts.
 * May import: xstate, zod, src/common, machines, src/service/store.
 */
import { createActor, type SnapshotFrom, transition } from 'xstate';
import { z } from 'zod';
import { cause as causeSchema, type Cause } from '../../common/console.ts';
import { CourierError } from '../../common/errors.ts';
import { type CauseContext, type CauseEvent, causeMachine } from '../../../machines/cause.ts';
import type { CauseKey, CauseKind } from '../store/session-cause.ts';

/** Resolved causes are shown for so long. */
const resolvedKeptMs = 7 * 86_400_000;
const retryable: readonly CauseKind[] = ['refused', 'usedUp'];
const ignorable: readonly CauseKind[] = ['refused', 'usedUp', 'unheard'];

/** What is known of a cause beside its state; what is missing stays as it was. */
export interface CauseFacts {
  /** When it happened, unix ms; the present moment when missing. */
  at?: number;
  /** Sessions under it now. */
  count?: number;
  /** Labels of devices, at most ten. */
  devices?: string[];
  /** One sentence, without patient data. */
  message?: string;
}

/** A cause as it is on disk. */
export const keptCause = z.object({
  id: causeSchema.shape.id,
  kind: causeSchema.shape.kind,
  httpStatus: causeSchema.shape.httpStatus,
  code: causeSchema.shape.code,
  value: z.union([z.object({ standing: z.enum(['open', 'muted']) }), z.object({ resolved: z.enum(['heard', 'silenced']) })]),
  context: z.object({ firstAt: z.number(), lastAt: z.number(), endedAt: z.number().nullable(), note: z.string().max(500) }),
  countMax: z.number().int().nonnegative(),
  devices: z.array(z.string()).max(10),
  message: z.string().optional(),
  lastRetriedAt: z.number().optional(),
});
export type KeptCause = z.infer<typeof keptCause>;

interface Entry {
  key: CauseKey;
  snapshot: SnapshotFrom<typeof causeMachine>;
  count: number;
  countMax: number;
  devices: string[];
  message: string | undefined;
  lastRetriedAt: number | undefined;
  nextTryAt: number | undefined;
}

export interface CauseBookOptions {
  now: () => number;
  kept: readonly KeptCause[];
  /** A cause began, changed or ended. */
  onChange: (cause: Cause) => void;
  /** One of which a person is to be told: it began, or ended. */
  onTurn: (cause: Cause, turn: 'began' | 'ended') => void;
  /** Something that is kept on disk changed. */
  onKeep: () => void;
}

export class CauseBook {
  readonly #options: CauseBookOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: CauseBookOptions) {
    this.#options = options;
    for (const { id, kind, httpStatus, code, value, context, ...kept } of options.kept) {
      const key = { id, kind, ...(httpStatus === undefined ? {} : { httpStatus }), ...(code === undefined ? {} : { code }) };
      const { countMax, devices, message, lastRetriedAt } = kept;
      const snapshot = causeMachine.resolveState({ value, context });
      this.#entries.set(id, { key, snapshot, count: 0, countMax, devices, message, lastRetriedAt, nextTryAt: undefined });
    }
  }

  /** It happened, or still does. */
  occur(key: CauseKey, facts: CauseFacts = {}): void {
    const at = facts.at ?? this.#options.now();
    const entry = this.#entries.get(key.id);
    if (entry === undefined) {
      const snapshot = createActor(causeMachine, { input: { at } }).getSnapshot();
      const added = {
        key,
        snapshot,
        count: 0,
        countMax: 0,
        devices: [],
        message: undefined,
        lastRetriedAt: undefined,
        nextTryAt: undefined,
      };
      this.#entries.set(key.id, added);
      this.#learn(added, facts);
      this.#tell(added, 'began');
      return;
    }
    const wasStanding = isStanding(entry);
    entry.key = key;
    if (!wasStanding) Object.assign(entry, { count: 0, countMax: 0, devices: [], message: undefined });
    const hasChanged = this.#learn(entry, facts);
    const { firstAt } = entry.snapshot.context;
    const hasMoved = this.#send(entry, { type: 'cause.recurred', at });
    // Too long ago to be the same entry: what was done about the earlier one does not belong to it.
    if (entry.snapshot.context.firstAt !== firstAt) entry.lastRetriedAt = undefined;
    if (!wasStanding) this.#tell(entry, stateOf(entry) === 'open' ? 'began' : undefined);
    else if (hasChanged || hasMoved) this.#tell(entry);
  }

  /** Its sessions were counted; nothing happens when it is not standing. */
  count(id: string, facts: CauseFacts): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined && isStanding(entry) && this.#learn(entry, facts)) this.#tell(entry);
  }

  end(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || !isStanding(entry)) return;
    const isToBeTold = stateOf(entry) === 'open';
    this.#send(entry, { type: 'cause.ended', at: this.#options.now() });
    entry.nextTryAt = undefined;
    this.#tell(entry, isToBeTold ? 'ended' : undefined);
  }

  /** @throws CourierError `ERR_ARGUMENT_INVALID` for a cause that is not known. */
  setNote(id: string, note: string): Cause {
    return this.#change(id, { type: 'note.changed', note: note.trim() });
  }

  /** @throws CourierError `ERR_ARGUMENT_INVALID` for a cause that is not known. */
  mute(id: string, isMuted: boolean): Cause {
    return this.#change(id, { type: isMuted ? 'mute.requested' : 'unmute.requested' });
  }

  /** An operator had its sessions sent again. */
  noteRetry(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.lastRetriedAt = this.#options.now();
    this.#tell(entry);
  }

  /** When the service tries again by itself: for those that the next cycle may end. */
  setNextTry(nextTryAt: number | undefined): void {
    for (const entry of this.#entries.values()) {
      const isTried = entry.key.kind === 'circuit' || entry.key.kind === 'unheard';
      if (!isTried || !isStanding(entry) || entry.nextTryAt === nextTryAt) continue;
      entry.nextTryAt = nextTryAt;
      this.#options.onChange(shown(entry));
    }
  }

  /** @throws CourierError `ERR_ARGUMENT_INVALID` for a cause that is not known. */
  get(id: string): Cause {
    return shown(this.#entryOf(id));
  }

  /** Open or muted: sessions may stand under it. */
  isStanding(id: string): boolean {
    const entry = this.#entries.get(id);
    return entry !== undefined && isStanding(entry);
  }

  get standing(): Cause[] {
    return [...this.#entries.values()].filter(isStanding).map(shown);
  }

  /** Standing ones, and those resolved in the last seven days; the one that changed last first. */
  get all(): Cause[] {
    this.#forgetOld();
    return [...this.#entries.values()].map(shown).sort((a, b) => (b.endedAt ?? b.lastAt) - (a.endedAt ?? a.lastAt));
  }

  get openCount(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (stateOf(entry) === 'open') count += 1;
    return count;
  }

  kept(): KeptCause[] {
    this.#forgetOld();
    return [...this.#entries.values()].map(({ key, snapshot, countMax, devices, message, lastRetriedAt }) => ({
      ...key,
      value: snapshot.value,
      context: snapshot.context,
      countMax,
      devices,
      ...(message === undefined ? {} : { message }),
      ...(lastRetriedAt === undefined ? {} : { lastRetriedAt }),
    }));
  }

  #change(id: string, event: CauseEvent): Cause {
    const entry = this.#entryOf(id);
    if (this.#send(entry, event)) this.#tell(entry);
    return shown(entry);
  }

  #entryOf(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined)
      throw new CourierError('ERR_ARGUMENT_INVALID', 'There is no cause of that id any more; load the list of causes again.');
    return entry;
  }

  /** @returns whether anything that is shown changed. */
  #send(entry: Entry, event: CauseEvent): boolean {
    const before = entry.snapshot;
    [entry.snapshot] = transition(causeMachine, before, event);
    return (
      !isSame(before.context, entry.snapshot.context) || JSON.stringify(before.value) !== JSON.stringify(entry.snapshot.value)
    );
  }

  #learn(entry: Entry, { count, devices, message }: CauseFacts): boolean {
    const before = [entry.count, entry.message, entry.devices.join('\n')];
    if (count !== undefined) entry.count = count;
    if (entry.count > entry.countMax) entry.countMax = entry.count;
    if (devices !== undefined && devices.length > 0) entry.devices = devices;
    if (message !== undefined) entry.message = message;
    return entry.count !== before[0] || entry.message !== before[1] || entry.devices.join('\n') !== before[2];
  }

  #tell(entry: Entry, turn?: 'began' | 'ended'): void {
    const cause = shown(entry);
    this.#options.onChange(cause);
    this.#options.onKeep();
    if (turn !== undefined) this.#options.onTurn(cause, turn);
  }

  #forgetOld(): void {
    const before = this.#options.now() - resolvedKeptMs;
    for (const [id, entry] of this.#entries)
      if (!isStanding(entry) && (entry.snapshot.context.endedAt ?? 0) < before) this.#entries.delete(id);
  }
}

function isStanding({ snapshot }: Entry): boolean {
  return snapshot.matches('standing');
}

function stateOf({ snapshot }: Entry): Cause['state'] {
  if (snapshot.matches('resolved')) return 'resolved';
  return snapshot.matches({ standing: 'muted' }) ? 'muted' : 'open';
}

function isSame(a: CauseContext, b: CauseContext): boolean {
  return a.firstAt === b.firstAt && a.lastAt === b.lastAt && a.endedAt === b.endedAt && a.note === b.note;
}

function shown(entry: Entry): Cause {
  const { key, snapshot, count, countMax, devices, message, lastRetriedAt, nextTryAt } = entry;
  const { firstAt, lastAt, endedAt, note } = snapshot.context;
  const state = stateOf(entry);
  const isOver = state === 'resolved';
  return {
    ...key,
    state,
    ...(message === undefined ? {} : { message }),
    count: isOver ? countMax : count,
    devices,
    firstAt,
    lastAt,
    ...(endedAt === null ? {} : { endedAt }),
    ...(lastRetriedAt === undefined ? {} : { lastRetriedAt }),
    ...(nextTryAt === undefined ? {} : { nextTryAt }),
    ...(note === '' ? {} : { note }),
    may: { retry: !isOver && retryable.includes(key.kind), ignore: !isOver && ignorable.includes(key.kind) },
  };
}
