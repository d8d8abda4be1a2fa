/**
 * MLLP: a session is one message and its acknowledgement.
 *   message -> (acknowledgement | 30 s without one | connection's end) -> session
 * Senders may send the next message before the acknowledgement of the last one: MSA-2 tells which one is meant.
 * May import: src/service/capture.
 */
import type { ControlKind } from './framing.ts';
import { messageHead } from './hl7-text.ts';
import { SessionDraft } from './session-draft.ts';
import type { Gap, Talk, TalkTools } from './talk.ts';
import { otherSide, type Side } from './tcp-connection.ts';

/** How long a whole message waits for its acknowledgement before it is kept without. */
const acknowledgementWaitMs = 30_000;
/** Messages of one connection that may wait for theirs. */
const openMax = 64;

interface Open {
  draft: SessionDraft;
  side: Side;
  controlId: string;
  /** The message's end was seen. */
  hasEnd: boolean;
}

export class MllpTalk implements Talk {
  readonly #tools: TalkTools;
  #open: Open[] = [];
  /** The damaged session that further pieces of a side belong to. */
  readonly #torn: [Open | null, Open | null] = [null, null];
  /** The last gap outside a session: pieces that follow it are what it left. */
  readonly #lastGap: [Gap | null, Gap | null] = [null, null];

  constructor(tools: TalkTools) {
    this.#tools = tools;
  }

  get isOpen(): boolean {
    return this.#open.length > 0;
  }

  frame(side: Side, bytes: Buffer, beganAtMs: number, atMs: number): void {
    this.#torn[side] = null;
    this.#lastGap[side] = null;
    const head = messageHead(bytes);
    const { answers, isAcknowledgement } = head;
    const answered = answers === null && !isAcknowledgement ? undefined : this.#answered(side, answers ?? '');
    if (answered !== undefined) {
      answered.draft.addFrame(this.#tools.directionOf(side), bytes, beganAtMs, atMs, head);
      this.#finish(answered);
      return;
    }
    // An acknowledgement of something that was not captured, or was kept already.
    if (isAcknowledgement) return;
    const open = this.#begin(side, beganAtMs);
    open.draft.addFrame(this.#tools.directionOf(side), bytes, beganAtMs, atMs, head);
    open.controlId = head.controlId;
    open.hasEnd = true;
  }

  piece(side: Side, bytes: Buffer, beganAtMs: number, atMs: number): void {
    // While a message waits for its answer, what comes from the other end is most likely a piece of that.
    const torn = this.#torn[side] ?? this.#open.find((open) => open.side !== side) ?? this.#begin(side, beganAtMs);
    this.#torn[side] = torn;
    torn.draft.addPiece(this.#tools.directionOf(side), bytes, beganAtMs, atMs);
    if (torn.side === side) torn.controlId ||= messageHead(bytes).controlId;
    const gap = this.#lastGap[side];
    if (gap !== null) torn.draft.addGap(gap.atMs, gap.missingBytes);
    this.#lastGap[side] = null;
  }

  control(side: Side, kind: ControlKind, marker: Buffer, atMs: number): void {
    const answered = kind === 'acknowledged' || kind === 'refused' ? this.#answered(side, '') : undefined;
    if (answered === undefined) return;
    answered.draft.addMarker('ack', this.#tools.directionOf(side), marker, atMs);
    this.#finish(answered);
  }

  foreign(): void {
    // Bytes between blocks are ignored.
  }

  gap(side: Side, missingBytes: number | undefined, atMs: number): boolean {
    // The message that is being damaged, else one whose acknowledgement may be what is missing.
    const damaged = this.#torn[side] ?? this.#open.find((open) => open.side !== side);
    damaged?.draft.addGap(atMs, missingBytes);
    if (damaged === undefined) this.#lastGap[side] = { atMs, missingBytes };
    return damaged !== undefined;
  }

  tick(atMs: number): void {
    for (const open of this.#open) if (this.#isOverdue(open, atMs)) this.#finish(open);
  }

  end(atMs: number, withGap: boolean): void {
    for (const open of this.#open) {
      if (withGap) open.draft.addGap(atMs, undefined);
      this.#finish(open);
    }
    this.#torn.fill(null);
  }

  get openBytes(): number {
    return this.#open.reduce((sum, { draft }) => sum + draft.bytes, 0);
  }

  relieve(bytesMax: number): void {
    for (const open of this.#open) if (this.openBytes > bytesMax) this.#finish(open);
  }

  #isOverdue({ draft, hasEnd }: Open, atMs: number): boolean {
    return atMs - draft.endTime >= (hasEnd ? acknowledgementWaitMs : this.#tools.idleMs());
  }

  #begin(side: Side, beganAtMs: number): Open {
    const oldest = this.#open[0];
    if (oldest !== undefined && this.#open.length >= openMax) this.#finish(oldest);
    const open: Open = { draft: new SessionDraft(beganAtMs), side, controlId: '', hasEnd: false };
    this.#open.push(open);
    return open;
  }

  /** The session that `side` answers: by control id, or the oldest one where one of the two ids is not known. */
  #answered(side: Side, controlId: string): Open | undefined {
    const waiting = this.#open.filter((open) => open.side === otherSide(side));
    return (
      waiting.find((open) => controlId !== '' && open.controlId === controlId) ??
      waiting.find((open) => controlId === '' || open.controlId === '')
    );
  }

  #finish(open: Open): void {
    this.#open = this.#open.filter((other) => other !== open);
    for (const side of [0, 1] as const) if (this.#torn[side] === open) this.#torn[side] = null;
    this.#tools.finish(open.draft, open.hasEnd);
  }
}
