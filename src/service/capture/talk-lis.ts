/**
 * The LIS framing: a session goes from ENQ (or a frame that begins like HL7) to EOT, and belongs to the end that began
 * it; the other end's ACK, NAK and frames are part of it.
 * May import: src/service/capture.
 */
import type { ControlKind } from './framing.ts';
import { SessionDraft } from './session-draft.ts';
import type { Gap, Talk, TalkTools } from './talk.ts';
import { otherSide, type Side } from './tcp-connection.ts';

export class LisTalk implements Talk {
  readonly #tools: TalkTools;
  readonly #open: [SessionDraft | null, SessionDraft | null] = [null, null];
  /** A side's last gap outside a session: one that begins without ENQ right behind it lost its begin there. */
  readonly #lastGap: [Gap | null, Gap | null] = [null, null];

  constructor(tools: TalkTools) {
    this.#tools = tools;
  }

  get isOpen(): boolean {
    return this.#open[0] !== null || this.#open[1] !== null;
  }

  frame(side: Side, bytes: Buffer, beganAtMs: number, atMs: number): void {
    this.#draftBehindGap(side, beganAtMs).addFrame(this.#tools.directionOf(side), bytes, beganAtMs, atMs);
  }

  piece(side: Side, bytes: Buffer, beganAtMs: number, atMs: number): void {
    this.#draftBehindGap(side, beganAtMs).addPiece(this.#tools.directionOf(side), bytes, beganAtMs, atMs);
  }

  control(side: Side, kind: ControlKind, marker: Buffer, atMs: number): void {
    const direction = this.#tools.directionOf(side);
    const own = this.#open[side];
    const others = this.#open[otherSide(side)];
    switch (kind) {
      case 'enquiry':
        // A second ENQ repeats the first; behind frames, it means that the sender began anew.
        if (own?.hasContent === true) this.#finish(side, false);
        this.#lastGap[side] = null;
        this.#draftFor(side, atMs, true).addMarker('start', direction, marker, atMs);
        return;
      case 'end':
        this.#lastGap[side] = null;
        own?.addMarker('end', direction, marker, atMs);
        if (own !== null) this.#finish(side, true);
        // A receiver's EOT asks the sender to pause: an answer like the others.
        else others?.addMarker('ack', direction, marker, atMs);
        return;
      case 'acknowledged':
        others?.addMarker('ack', direction, marker, atMs);
        return;
      case 'refused':
        others?.refuseLast(direction, marker, atMs);
    }
  }

  foreign(side: Side): void {
    if (this.#open[side]?.hasContent === true) this.#finish(side, false);
    else this.#open[side] = null;
  }

  gap(side: Side, missingBytes: number | undefined, atMs: number): boolean {
    const damaged = this.#open[side] ?? this.#open[otherSide(side)];
    damaged?.addGap(atMs, missingBytes);
    this.#lastGap[side] = damaged === null ? { atMs, missingBytes } : null;
    return damaged !== null;
  }

  tick(atMs: number): void {
    for (const side of [0, 1] as const) {
      const draft = this.#open[side];
      if (draft !== null && atMs - draft.endTime >= this.#tools.idleMs()) this.#finish(side, false);
    }
  }

  end(atMs: number, withGap: boolean): void {
    for (const side of [0, 1] as const) {
      if (withGap) this.#open[side]?.addGap(atMs, undefined);
      this.#finish(side, false);
    }
  }

  get openBytes(): number {
    return (this.#open[0]?.bytes ?? 0) + (this.#open[1]?.bytes ?? 0);
  }

  relieve(bytesMax: number, atMs: number): void {
    for (const side of [0, 1] as const) {
      if (this.openBytes <= bytesMax) return;
      // It goes on, but what follows is kept as another session.
      this.#open[side]?.addGap(atMs, 0);
      this.#finish(side, false);
    }
  }

  /** The session of a frame or piece; one that begins with it has the gap before it. */
  #draftBehindGap(side: Side, beganAtMs: number): SessionDraft {
    const gap = this.isOpen ? null : this.#lastGap[side];
    const draft = this.#draftFor(side, beganAtMs);
    if (gap !== null) draft.addGap(gap.atMs, gap.missingBytes);
    this.#lastGap[side] = null;
    return draft;
  }

  /** The session that what `side` sends belongs to: its own, else the one it answers in, else a new one. */
  #draftFor(side: Side, beganAtMs: number, mustBeOwn = false): SessionDraft {
    const open = this.#open[side] ?? (mustBeOwn ? null : this.#open[otherSide(side)]);
    if (open !== null) return open;
    const draft = new SessionDraft(beganAtMs);
    this.#open[side] = draft;
    return draft;
  }

  #finish(side: Side, hasEnd: boolean): void {
    const draft = this.#open[side];
    this.#open[side] = null;
    if (draft !== null) this.#tools.finish(draft, hasEnd);
  }
}
