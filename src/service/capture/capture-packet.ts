/**
 * One captured packet as the readers hand it over. The object and its bytes are reused: whoever wants to keep something
 * copies it before returning.
 * May import: nothing.
 */

export interface CapturedPacket {
  /** Holds the packet's bytes from `start` to `end` (exclusive). */
  buffer: Buffer;
  start: number;
  end: number;
  /** Bytes of the packet on the wire that the capture cut off (snap length). */
  cutBytes: number;
  /** LINKTYPE_ number, see https://www.tcpdump.org/linktypes.html */
  linkType: number;
  /** When it passed, unix ms with its fraction. */
  atMs: number;
}

export type PacketSink = (packet: CapturedPacket) => void;

/** The last moment that a session file and the time part of a UUIDv7 can hold sensibly: the end of the year 9999. */
const latestMs = 253_402_300_799_999;

/** A packet's time, kept within what a date can be: capture files may hold anything. */
export function plausibleMs(atMs: number): number {
  return atMs >= 0 ? Math.min(atMs, latestMs) : 0;
}
