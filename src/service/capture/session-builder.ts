/**
 * From one connection's bytes to sessions: recognises the framing, follows both directions, and hands over each
 * session at its end.
 *   bytes of a side -> recogniser -> framer -> talk (MLLP or LIS) -> session file
 * May import: src/common, src/service/capture.
 */
import type { SessionFile } from '../../common/session.ts';
import type { Settings } from '../../common/settings.ts';
import type { Framer, FrameSink } from './framing.ts';
import { LisFramer, lisMarkers, type LisMarkers } from './framing-lis.ts';
import { MllpFramer } from './framing-mllp.ts';
import { Recogniser, type Framing } from './framing-recognition.ts';
import { SessionDraft, sessionBytesMax, type Direction, type SessionEnds, type SessionStamp } from './session-draft.ts';
import { LisTalk } from './talk-lis.ts';
import { MllpTalk } from './talk-mllp.ts';
import type { Gap, Talk } from './talk.ts';
import { otherSide, type ConnectionEnds, type ConnectionSink, type Side } from './tcp-connection.ts';

/** What all open sessions and begun frames may hold together. */
export const openBytesMax = 128 * 1024 * 1024;

export type CaptureSettings = Pick<
  Settings,
  'capturePorts' | 'captureDevicePorts' | 'captureFraming' | 'captureIdleMinutes' | 'captureMarkers' | 'retentionDays'
>;
/** Bytes are missing: in a session, or outside of any. */
export interface GapNotice {
  atMs: number;
  missingBytes?: number;
  isInSession: boolean;
}
export interface BuilderTools {
  /** Asked for the time limits whenever they matter; the rest when a connection is first seen. */
  readonly settings: CaptureSettings;
  stamp: Omit<SessionStamp, 'retentionDays'>;
  onSession: (session: SessionFile) => void;
  onGap: (gap: GapNotice) => void;
}

/** Makes the conversations of a capture; they share one budget of memory. */
export class SessionBuilder {
  readonly #tools: BuilderTools;
  readonly #markers: LisMarkers;
  readonly #conversations = new Set<Conversation>();
  readonly budget = { usedBytes: 0 };

  constructor(tools: BuilderTools) {
    this.#tools = tools;
    this.#markers = lisMarkers(tools.settings.captureMarkers);
  }

  readonly open = (ends: ConnectionEnds): ConnectionSink => {
    const conversation = new Conversation(ends, this.#markers, this.#tools, this.budget, () =>
      this.#conversations.delete(conversation),
    );
    this.#conversations.add(conversation);
    return conversation;
  };

  get openSessions(): boolean {
    for (const conversation of this.#conversations) if (conversation.isOpen) return true;
    return false;
  }

  /** Nothing more is seen for a while: what is open ends here, with a gap. */
  interrupt(atMs: number): void {
    for (const conversation of this.#conversations) conversation.interrupt(atMs);
  }
}

class Conversation implements ConnectionSink {
  readonly #tools: BuilderTools;
  readonly #markers: LisMarkers;
  readonly #budget: { usedBytes: number };
  readonly #onEnd: () => void;
  readonly #directions: readonly [Direction, Direction];
  readonly #ends: SessionEnds;
  /** Tells this connection from others, in a session's id. */
  readonly #name: string;
  /** How many sessions began at a time: two that are alike need different ids. */
  readonly #startsAt = new Map<number, number>();
  #recognisers: [Recogniser, Recogniser] | null;
  /** The last gap of each side while the framing was not known yet. */
  readonly #earlyGaps: [Gap | null, Gap | null] = [null, null];
  #framers: [Framer, Framer] | null = null;
  #talk: Talk | null = null;
  #lastByteAtMs: [number, number] = [0, 0];
  #accountedBytes = 0;

  constructor(ends: ConnectionEnds, markers: LisMarkers, tools: BuilderTools, budget: { usedBytes: number }, onEnd: () => void) {
    this.#tools = tools;
    this.#markers = markers;
    this.#budget = budget;
    this.#onEnd = onEnd;
    const { settings } = tools;
    const device = deviceSide(ends, settings);
    const lis = otherSide(device);
    this.#directions = device === 0 ? ['device-to-pc', 'pc-to-device'] : ['pc-to-device', 'device-to-pc'];
    this.#ends = { deviceIP: ends.addresses[device], lisIP: ends.addresses[lis] };
    this.#name = `${ends.addresses[device]} ${ends.ports[device]} ${ends.addresses[lis]} ${ends.ports[lis]}`;
    const isFromStart = ends.opener !== null;
    this.#recognisers = [new Recogniser(markers, isFromStart), new Recogniser(markers, isFromStart)];
    if (settings.captureFraming !== 'auto') this.#speak(settings.captureFraming);
  }

  get isOpen(): boolean {
    return this.#talk?.isOpen === true || this.#framers?.some(({ isInFrame }) => isInFrame) === true;
  }

  data(side: Side, buffer: Buffer, start: number, end: number, atMs: number): void {
    if (this.#talk?.isOpen === true || this.#accountedBytes > 0) this.tick(atMs);
    this.#lastByteAtMs[side] = atMs;
    if (this.#framers === null) this.#recognise(side, buffer, start, end, atMs);
    else this.#framers[side].push(buffer, start, end, atMs);
    this.#account(atMs);
  }

  gap(side: Side, missingBytes: number, atMs: number): void {
    this.#recognisers?.[side].gap();
    this.#framers?.[side].gap(atMs);
    const isInSession = this.#talk?.gap(side, missingBytes, atMs) ?? false;
    if (this.#talk === null) this.#earlyGaps[side] = { atMs, missingBytes };
    this.#tools.onGap({ atMs, missingBytes, isInSession });
    this.#account(atMs);
  }

  tick(atMs: number): void {
    for (const side of [0, 1] as const)
      if (this.#framers?.[side].isInFrame === true && atMs - this.#lastByteAtMs[side] >= this.#idleMs())
        this.#framers[side].end(atMs);
    this.#talk?.tick(atMs);
    this.#account(atMs);
  }

  end(atMs: number): void {
    for (const framer of this.#framers ?? []) framer.end(atMs);
    this.#talk?.end(atMs, false);
    this.#budget.usedBytes -= this.#accountedBytes;
    this.#accountedBytes = 0;
    this.#onEnd();
  }

  interrupt(atMs: number): void {
    if (this.isOpen) {
      for (const framer of this.#framers ?? []) framer.gap(atMs);
      this.#talk?.end(atMs, true);
    }
    for (const recogniser of this.#recognisers ?? []) recogniser.gap();
    this.#account(atMs);
  }

  #recognise(side: Side, buffer: Buffer, start: number, end: number, atMs: number): void {
    const recognised = this.#recognisers?.[side].push(buffer, start, end, atMs) ?? null;
    if (recognised === null) return;
    const { framing, bytes, beganAtMs, isTorn } = recognised;
    this.#speak(framing, isTorn ? side : null);
    if (isTorn) this.#earlyGaps[side] ??= { atMs: beganAtMs, missingBytes: undefined };
    for (const one of [0, 1] as const) {
      const gap = this.#earlyGaps[one];
      if (gap !== null) this.#talk?.gap(one, gap.missingBytes, gap.atMs);
    }
    this.#framers?.[side].push(bytes, 0, bytes.length, beganAtMs);
  }

  #speak(framing: Framing, tornSide: Side | null = null): void {
    this.#recognisers = null;
    const tools = {
      directionOf: (side: Side) => this.#directions[side],
      finish: (draft: SessionDraft, hasEnd: boolean) => this.#finish(draft, hasEnd),
      idleMs: () => this.#idleMs(),
    };
    const talk: Talk = framing === 'mllp' ? new MllpTalk(tools) : new LisTalk(tools);
    this.#talk = talk;
    const framer = (side: Side): Framer =>
      framing === 'mllp'
        ? new MllpFramer(this.#sinkOf(side, talk), tornSide === side)
        : new LisFramer(this.#sinkOf(side, talk), this.#markers);
    this.#framers = [framer(0), framer(1)];
  }

  #sinkOf(side: Side, talk: Talk): FrameSink {
    return {
      frame: (bytes, beganAtMs, atMs) => talk.frame(side, bytes, beganAtMs, atMs),
      piece: (bytes, beganAtMs, atMs) => talk.piece(side, bytes, beganAtMs, atMs),
      control: (kind, marker, atMs) => talk.control(side, kind, marker, atMs),
      foreign: () => talk.foreign(side),
      cut: (atMs) => this.#tools.onGap({ atMs, isInSession: talk.gap(side, undefined, atMs) }),
    };
  }

  #finish(draft: SessionDraft, hasEnd: boolean): void {
    const count = this.#startsAt.get(draft.startTime) ?? 0;
    if (this.#startsAt.size > 1024) this.#startsAt.clear();
    this.#startsAt.set(draft.startTime, count + 1);
    const { stamp, settings } = this.#tools;
    const session = draft.finish(hasEnd, this.#ends, `${this.#name} ${count}`, {
      ...stamp,
      retentionDays: settings.retentionDays,
    });
    if (session !== null) this.#tools.onSession(session);
  }

  #account(atMs: number): void {
    const talk = this.#talk;
    if (talk !== null && talk.openBytes > sessionBytesMax) talk.relieve(sessionBytesMax, atMs);
    let heldBytes = this.#heldBytes();
    if (this.#budget.usedBytes + heldBytes - this.#accountedBytes > openBytesMax && heldBytes > 0) {
      for (const side of [0, 1] as const) this.#framers?.[side].gap(atMs);
      talk?.gap(0, undefined, atMs);
      talk?.relieve(0, atMs);
      this.#tools.onGap({ atMs, isInSession: true });
      heldBytes = this.#heldBytes();
    }
    this.#budget.usedBytes += heldBytes - this.#accountedBytes;
    this.#accountedBytes = heldBytes;
  }

  #idleMs(): number {
    return this.#tools.settings.captureIdleMinutes * 60_000;
  }

  #heldBytes(): number {
    let bytes = this.#talk?.openBytes ?? 0;
    for (const held of this.#framers ?? this.#recognisers ?? []) bytes += held.heldBytes;
    return bytes;
  }
}

/**
 * The end that is not on a port of `capturePorts`, or is on one of `captureDevicePorts`. Where the ports do not tell,
 * the one that opened the connection, else the one on the higher port: devices connect to a known port.
 */
export function deviceSide({ ports, opener }: ConnectionEnds, { capturePorts, captureDevicePorts }: CaptureSettings): Side {
  const isDevicePort = [captureDevicePorts.includes(ports[0]), captureDevicePorts.includes(ports[1])] as const;
  if (isDevicePort[0] !== isDevicePort[1]) return isDevicePort[0] ? 0 : 1;
  const isLisPort = [capturePorts.includes(ports[0]), capturePorts.includes(ports[1])] as const;
  if (isLisPort[0] !== isLisPort[1]) return isLisPort[0] ? 1 : 0;
  return opener ?? (ports[0] >= ports[1] ? 0 : 1);
}
