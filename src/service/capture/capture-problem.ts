/**
 * What can be wrong with a capture file or stream: values, not errors, because what could be read before is kept.
 * May import: nothing.
 */

type CaptureProblemKind =
  /** Neither pcap nor pcapng nor HL7 text. */
  | 'unrecognised'
  /** A format that carries packets but that is not read here. */
  | 'unsupported'
  /** The data ends in the middle of a packet. */
  | 'truncated'
  /** A length or a block that cannot be; nothing after it is read. */
  | 'corrupt'
  /** The file could not be opened or read. */
  | 'unreadable'
  /** It was read, but held nothing of the ports that are looked at. */
  | 'nothingFound';

export interface CaptureProblem {
  kind: CaptureProblemKind;
  /** Where in the file, in bytes from its begin; missing when it is about the file as a whole. */
  offset?: number;
  /** One sentence for the operator; holds no content. */
  message: string;
}
