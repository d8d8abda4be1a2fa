/**
 * What opens a cause and what ends it: the table of docs/console-contract.md, "Causes", one function for each kind of news.
 *   deliveries, circuit, survey, devices, disk, capture, settings -> CauseBook
 * May import: xstate, src/common, machines, src/service.
 */
import { type Actor, createActor } from 'xstate';
import type { Device } from '../../common/console.ts';
import type { Status } from '../../common/contract.ts';
import type { Circuit } from '../../common/outcome.ts';
import { unusableEndpointCode } from '../../common/problem-codes.ts';
import { captureTroubleMachine } from '../../../machines/capture-trouble.ts';
import type { SessionOutput } from '../../../machines/session.ts';
import type { Timers } from '../event-hub.ts';
import { weaklyKeptCode } from '../folder-privacy.ts';
import { quietAfterMs } from '../store/device-survey.ts';
import { type CauseKey, refusedKey, unheardKey, usedUpKey } from '../store/session-cause.ts';
import type { StoreCounts } from '../store/session-store.ts';
import type { CauseTally, Survey } from '../store/session-survey.ts';
import { causeMessage } from './cause-words.ts';
import type { CauseBook, CauseFacts } from './causes.ts';
import type { Disk } from './disk-watch.ts';

const quietOpensMs = 60 * 60_000;
/** A device that was last heard before that is none that fell silent now: it is gone, or its results were imported. */
const quietOpensMsMax = 7 * 24 * 60 * 60_000;
const settingsProblems: ReadonlySet<string> = new Set([
  'certificates.unusable',
  'secret.foreign',
  'secret.notKept',
  'secret.weaklyKept',
  'settings.damaged',
  'settings.notApplied',
  weaklyKeptCode,
]);
/** Kinds whose sessions say by themselves that the cause stands. */
const toldByFiles: ReadonlySet<string> = new Set(['refused', 'usedUp', 'damaged']);

const circuitKey = (circuit: Circuit): CauseKey => {
  const { httpStatus, code } = circuit.cause ?? {};
  return {
    id: 'circuit',
    kind: 'circuit',
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(code === undefined ? {} : { code: code.slice(0, 64) }),
  };
};
const plainKey = <Kind extends CauseKey['kind']>(kind: Kind): CauseKey => ({ id: kind, kind });
/** Labels are up to 256 characters long, ids up to 200. */
const quietKey = (label: string): CauseKey => ({ id: `quiet-${label.slice(0, 190)}`, kind: 'quiet' });

export class CauseRules {
  readonly #book: CauseBook;
  readonly #now: () => number;
  #pending: Survey['pending'] = { count: 0, devices: [] };
  readonly #captureTrouble: Actor<typeof captureTroubleMachine>;
  #gapSeenAt = 0;

  constructor(book: CauseBook, now: () => number, clock: Timers) {
    this.#book = book;
    this.#now = now;
    this.#captureTrouble = createActor(captureTroubleMachine, { clock });
    this.#captureTrouble.on('trouble.occurred', ({ message, at }) => book.occur(plainKey('capture'), { message, at }));
    this.#captureTrouble.on('trouble.ended', () => book.end('capture'));
    this.#captureTrouble.start();
  }

  /** Ends its timer. */
  close(): void {
    this.#captureTrouble.stop();
  }

  circuitChanged(circuit: Circuit, nextTryAt: number | undefined): void {
    if (circuit.state === 'closed') this.#book.end('circuit');
    else if (circuit.state === 'open') {
      const message = circuit.reason === undefined ? {} : { message: circuit.reason };
      this.#book.occur(circuitKey(circuit), { ...this.#pending, ...message });
      this.#book.setNextTry(nextTryAt);
    }
  }

  /** The timer of the worker was set: the moment to say when it tries again. */
  cycleEnded(circuit: Circuit, nextTryAt: number | undefined): void {
    // One that stood when the last process ended: this one found the endpoint well, or nothing to send.
    if (circuit.state === 'closed') this.#book.end('circuit');
    this.#book.setNextTry(nextTryAt);
  }

  deliveryEnded({ verdict, outcome, withdrawn, unrecorded, recorded }: SessionOutput, circuit: Circuit): void {
    if (outcome === null || withdrawn !== null || unrecorded !== null) return;
    const key =
      verdict === 'failed' && recorded?.submissionStatus === 'failed'
        ? outcome.kind === 'refused'
          ? refusedKey(outcome.httpStatus, outcome.code)
          : usedUpKey(outcome.httpStatus)
        : verdict === 'deferred' && outcome.kind === 'unheard' && circuit.state === 'closed'
          ? unheardKey(outcome.code)
          : null;
    // How many there are is counted by the next survey; one there is for certain.
    if (key !== null) this.#occur(key, this.#book.isStanding(key.id) ? {} : { count: 1 });
  }

  /**
   * All sessions were looked at.
   * @param look.askedAt when: what happened since is not in it.
   * @param look.isRetried whether a bulk retry runs for a cause: its sessions are on their way, not well yet.
   */
  surveyed(
    { causes, pending }: Survey,
    {
      quarantined,
      askedAt,
      isRetried,
    }: Pick<StoreCounts, 'quarantined'> & { askedAt: number; isRetried: (causeId: string) => boolean },
  ): void {
    this.#pending = pending;
    this.#book.count('circuit', pending);
    this.#book.count('endpoint', pending);
    const tallies = new Map(causes.map((tally) => [tally.id, tally]));
    for (const tally of causes) this.#meet(tally);
    for (const { id, kind, lastAt } of this.#book.standing) {
      const isCounted = toldByFiles.has(kind) || kind === 'unheard';
      if (isCounted && !tallies.has(id) && lastAt < askedAt && !isRetried(id)) this.#book.end(id);
    }
    if (quarantined === 0) this.#book.end('unreadable');
    else this.#meetCount(plainKey('unreadable'), { count: quarantined });
  }

  /** A device is told of by its label; one with two addresses is silent when both are. */
  devicesSeen(devices: readonly Device[]): void {
    const now = this.#now();
    const talking = new Set<string>();
    const recent = new Set<string>();
    const silent = new Map<string, CauseKey>();
    for (const device of devices) {
      const key = quietKey(device.label);
      if (isLongQuiet(device, now)) silent.set(key.id, key);
      else talking.add(key.id);
      if (now - (device.lastSeenAt ?? 0) <= quietOpensMsMax) recent.add(key.id);
    }
    for (const { id, kind } of this.#book.standing)
      if (kind === 'quiet' && (talking.has(id) || !silent.has(id))) this.#book.end(id);
    for (const [id, key] of silent) {
      if (talking.has(id) || !recent.has(id) || this.#book.isStanding(id)) continue;
      this.#occur(key, { devices: [id.slice('quiet-'.length)] });
    }
  }

  captureChanged({ state, reason, lastGapAt = 0 }: NonNullable<Status['capture']>): void {
    const heard = { lastGapAt, at: this.#now() };
    const isNewGap = lastGapAt > this.#gapSeenAt;
    this.#gapSeenAt = Math.max(this.#gapSeenAt, lastGapAt);
    if (state === 'failed') {
      const said = reason ?? 'Capture failed; it is started again by itself.';
      this.#captureTrouble.send({ type: 'capture.failed', reason: said, ...heard });
      return;
    }
    if (isNewGap) this.#captureTrouble.send({ type: 'bytes.lost', ...heard });
    if (state !== 'starting') this.#captureTrouble.send({ type: 'capture.settled', ...heard });
  }

  diskChanged({ state }: Disk): void {
    if (state === 'healthy') this.#book.end('disk');
    else
      this.#book.occur(plainKey('disk'), {
        message:
          state === 'low' ? 'Space on the disk is low; free some.' : 'The last write failed; free space or check the disk.',
      });
  }

  problemsChanged(problems: NonNullable<Status['problems']>): void {
    this.#follow(plainKey('endpoint'), problems.find(({ code }) => code === unusableEndpointCode)?.message, this.#pending);
    this.#follow(plainKey('settings'), problems.find(({ code }) => settingsProblems.has(code))?.message);
  }

  quarantined(): void {
    this.#occur(plainKey('unreadable'), this.#book.isStanding('unreadable') ? {} : { count: 1 });
  }

  /** A cause that stands as long as its problem. One may follow the other: what is told is the one that stands. */
  #follow(key: CauseKey, message: string | undefined, facts: CauseFacts = {}): void {
    if (message === undefined) this.#book.end(key.id);
    else if (!this.#book.isStanding(key.id) || this.#book.get(key.id).message !== message)
      this.#book.occur(key, { ...facts, message });
  }

  #meet({ count, devices, lastAt, ...tally }: CauseTally): void {
    const { id, kind, httpStatus, code } = tally;
    const key = { id, kind, ...(httpStatus === undefined ? {} : { httpStatus }), ...(code === undefined ? {} : { code }) };
    if (toldByFiles.has(kind)) this.#meetCount(key, { count, devices, at: lastAt });
    else this.#book.count(id, { count, devices });
  }

  /** A cause that the disk shows: it stands, whether this process saw it begin or not. */
  #meetCount(key: CauseKey, facts: CauseFacts): void {
    if (this.#book.isStanding(key.id)) this.#book.count(key.id, facts);
    else this.#occur(key, facts);
  }

  #occur(key: CauseKey, facts: CauseFacts): void {
    const message = causeMessage(key);
    this.#book.occur(key, { ...facts, ...(message === undefined ? {} : { message }) });
  }
}

function isLongQuiet({ state, lastSeenAt = 0, usualGapMs = 0 }: Device, now: number): boolean {
  return state === 'quiet' && now - lastSeenAt > quietAfterMs(usualGapMs) + quietOpensMs;
}
