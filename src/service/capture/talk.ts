/**
 * What a conversation is made of: a talk knows one framing's rules of when a session begins and ends.
 * May import: src/service/capture.
 */
import type { ControlKind } from './framing.ts';
import type { SessionDraft } from './session-draft.ts';
import type { Side } from './tcp-connection.ts';

/** Bytes that were never seen. */
export interface Gap {
  atMs: number;
  missingBytes: number | undefined;
}
export interface Talk {
  frame(side: Side, bytes: Buffer, beganAtMs: number, atMs: number): void;
  piece(side: Side, bytes: Buffer, beganAtMs: number, atMs: number): void;
  control(side: Side, kind: ControlKind, marker: Buffer, atMs: number): void;
  /** What this side sends is no HL7: a session that only an ENQ began never was. */
  foreign(side: Side): void;
  /** @returns whether a session was open that now has the gap. */
  gap(side: Side, missingBytes: number | undefined, atMs: number): boolean;
  /** Ends what is overdue. */
  tick(atMs: number): void;
  /** Ends all that is open; `withGap` when that is not the sender's doing. */
  end(atMs: number, withGap: boolean): void;
  /** Sessions are open. */
  readonly isOpen: boolean;
  /** What open sessions hold. */
  readonly openBytes: number;
  /** Ends open sessions, the oldest first, until they hold no more than `bytesMax`. */
  relieve(bytesMax: number, atMs: number): void;
}

export interface TalkTools {
  directionOf: (side: Side) => 'device-to-pc' | 'pc-to-device';
  /** Takes a session at its end. */
  finish: (draft: SessionDraft, hasEnd: boolean) => void;
  /** How long a session may be silent. */
  idleMs: () => number;
}
