/**
 * Finds the IP packet inside what was captured, for the link types that HL7 traffic is seen on.
 * Link types: https://www.tcpdump.org/linktypes.html
 * May import: src/service/capture.
 */
import type { CapturedPacket } from './capture-packet.ts';

const etherTypeIpv4 = 0x0800;
const etherTypeIpv6 = 0x86dd;
/** IEEE 802.1Q, 802.1ad (QinQ) and the number that older switches used for it. */
const vlanTags = new Set([0x8100, 0x88a8, 0x9100]);
const vlanTagBytes = 4;

/** Link type -> bytes before the IP packet; each says -1 when the packet holds none. */
const linkTypes = new Map<number, (packet: CapturedPacket) => number>([
  [0, familyHead], // BSD loopback, in the byte order of the host that captured
  [1, (packet) => behindEtherType(packet, 12)], // Ethernet
  [12, () => 0], // raw IP, as some systems number it
  [14, () => 0],
  [101, () => 0], // raw IP
  [108, familyHead], // OpenBSD loopback
  [113, (packet) => behindEtherType(packet, 14)], // Linux cooked
  [228, () => 0], // raw IPv4
  [229, () => 0], // raw IPv6
  [276, (packet) => behindEtherType(packet, 0, 20)], // Linux cooked, version 2
]);

export function isKnownLinkType(linkType: number): boolean {
  return linkTypes.has(linkType);
}

/** Where the IP packet begins in `packet.buffer`, or -1 when there is none. */
export function ipStart(packet: CapturedPacket): number {
  const skip = linkTypes.get(packet.linkType)?.(packet) ?? -1;
  const at = packet.start + skip;
  if (skip < 0 || at >= packet.end) return -1;
  const version = (packet.buffer[at] ?? 0) >> 4;
  return version === 4 || version === 6 ? at : -1;
}

/** The type is at `typeAt`, its payload behind `headBytes`, with VLAN tags between them. */
function behindEtherType(packet: CapturedPacket, typeAt: number, headBytes = typeAt + 2): number {
  const { buffer, start, end } = packet;
  let payloadAt = headBytes;
  if (start + payloadAt > end) return -1;
  let type = buffer.readUInt16BE(start + typeAt);
  while (vlanTags.has(type) && start + payloadAt + vlanTagBytes <= end) {
    type = buffer.readUInt16BE(start + payloadAt + 2);
    payloadAt += vlanTagBytes;
  }
  return type === etherTypeIpv4 || type === etherTypeIpv6 ? payloadAt : -1;
}

/** Four bytes name the address family; its number for IPv6 differs between systems, so the IP version decides. */
function familyHead({ buffer, start, end }: CapturedPacket): number {
  if (start + 4 > end) return -1;
  const family = buffer.readUInt32LE(start);
  return family < 256 || (family & 0x00ffffff) === 0 ? 4 : -1;
}
