/**
 * The whole way from captured packets to sessions, for files and for the live capture alike.
 *   packet -> IP -> TCP segment -> connection -> session
 * May import: src/common, src/service/capture.
 */
import type { CapturedPacket } from './capture-packet.ts';
import { IpDecoder } from './ip.ts';
import { ipStart, isKnownLinkType } from './link-layer.ts';
import { SessionBuilder, type BuilderTools } from './session-builder.ts';
import { TcpReassembler } from './tcp-reassembly.ts';

/** Numbers for reports and for the books; see docs/capture.md, "Limits". */
export interface PipelineFigures {
  packets: number;
  /** TCP segments on the ports that are looked at. */
  segments: number;
  connections: number;
  /** Bytes in memory that wait for others. */
  heldBytes: number;
  /** Bytes that came twice and differed. */
  conflictingBytes: number;
  /** MLLP was seen on these ports, which are not looked at. */
  unwatchedPorts: readonly number[];
  /** Link types that cannot be read. */
  unknownLinkTypes: readonly number[];
}

export class CapturePipeline {
  #ip = new IpDecoder();
  readonly #tcp: TcpReassembler;
  readonly #builder: SessionBuilder;
  readonly #unknownLinkTypes = new Set<number>();
  #packets = 0;

  constructor(tools: BuilderTools) {
    this.#builder = new SessionBuilder(tools);
    const { capturePorts, captureDevicePorts } = tools.settings;
    this.#tcp = new TcpReassembler({ ports: [...capturePorts, ...captureDevicePorts], open: this.#builder.open });
  }

  readonly packet = (packet: CapturedPacket): void => {
    this.#packets += 1;
    const at = ipStart(packet);
    if (at < 0) {
      if (!isKnownLinkType(packet.linkType) && this.#unknownLinkTypes.size < 16) this.#unknownLinkTypes.add(packet.linkType);
      return;
    }
    if (this.#ip.decode(packet.buffer, at, packet.end, packet.cutBytes, packet.atMs))
      this.#tcp.receive(this.#ip.payload, packet.atMs);
  };

  /** Time has passed while nothing arrived, unix ms by the packets' clock. */
  tick(atMs: number): void {
    this.#tcp.tick(atMs);
  }

  /** Nothing more is seen for a while: open sessions end incomplete, with a gap. */
  interrupt(atMs: number): void {
    this.#builder.interrupt(atMs);
  }

  /** The capture ends, and every connection with it. */
  flush(): void {
    this.#tcp.flush();
    this.#ip = new IpDecoder();
  }

  get hasOpenSessions(): boolean {
    return this.#builder.openSessions;
  }

  get figures(): PipelineFigures {
    return {
      packets: this.#packets,
      segments: this.#tcp.segments,
      connections: this.#tcp.connectionCount,
      heldBytes: this.#ip.heldBytes + this.#tcp.heldBytes + this.#builder.budget.usedBytes,
      conflictingBytes: this.#tcp.conflictingBytes,
      unwatchedPorts: [...this.#tcp.unwatchedPorts],
      unknownLinkTypes: [...this.#unknownLinkTypes],
    };
  }
}
