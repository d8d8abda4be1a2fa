/**
 * Turns the bytes of a message into text by the character set that it names (MSH-18, HL7 table 0211).
 * May import: node:buffer.
 */
import { isAscii, isUtf8 } from 'node:buffer';

/** HL7 table 0211 -> label of the platform's decoder (https://encoding.spec.whatwg.org/#names-and-labels). */
const decoderLabels: Readonly<Record<string, string>> = {
  ASCII: 'utf-8',
  '8859/2': 'iso-8859-2',
  '8859/3': 'iso-8859-3',
  '8859/4': 'iso-8859-4',
  '8859/5': 'iso-8859-5',
  '8859/6': 'iso-8859-6',
  '8859/7': 'iso-8859-7',
  '8859/8': 'iso-8859-8',
  '8859/9': 'windows-1254',
  '8859/15': 'iso-8859-15',
  'ISO IR6': 'utf-8',
  'ISO IR14': 'shift_jis',
  'ISO IR87': 'iso-2022-jp',
  'GB 18030-2000': 'gb18030',
  'KS X 1001': 'euc-kr',
  'BIG-5': 'big5',
  UNICODE: 'utf-8',
  'UNICODE UTF-8': 'utf-8',
  'UNICODE UTF-16': 'utf-16be',
};
/** Every byte is the character of the same number; the platform's label of that name means windows-1252. */
const latin1Names = new Set(['8859/1', 'ISO-8859-1', 'LATIN1', 'ISO_8859-1']);

const decoders = new Map<string, TextDecoder | null>();

export interface DecodedText {
  text: string;
  /** Whether every byte has its character in `text`; if not, only the bytes tell what was sent. */
  isFaithful: boolean;
}

/**
 * @param characterSet the first repetition of MSH-18; empty means UTF-8 if the bytes are valid UTF-8, else ISO-8859-1.
 * A name that nobody knows counts as empty, and what it leaves open is marked.
 */
export function decodeText(bytes: Buffer, characterSet: string): DecodedText {
  const name = characterSet.trim().toUpperCase();
  if (latin1Names.has(name)) return { text: bytes.toString('latin1'), isFaithful: true };
  const decoder = decoderOf(name);
  // Most messages are plain ASCII, which means the same in all sets but the ones that shift or double their bytes.
  if (isAscii(bytes) && !isStateful(decoder)) return { text: bytes.toString('latin1'), isFaithful: true };
  if (decoder === null)
    return { text: isUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('latin1'), isFaithful: name === '' };
  try {
    return { text: decoder.decode(bytes), isFaithful: true };
  } catch {
    return { text: new TextDecoder(decoder.encoding, { ignoreBOM: true }).decode(bytes), isFaithful: false };
  }
}

const isStateful = (decoder: TextDecoder | null) => decoder !== null && /^(iso-2022|utf-16)/.test(decoder.encoding);

/** The decoder of a set, or null when none is named or the platform has none. */
function decoderOf(name: string): TextDecoder | null {
  const known = decoders.get(name);
  if (known !== undefined) return known;
  const decoder = name === '' ? null : madeDecoder(decoderLabels[name] ?? name.toLowerCase());
  // Names come from the wire: only so many are remembered.
  if (decoders.size < 256) decoders.set(name, decoder);
  return decoder;
}

function madeDecoder(label: string): TextDecoder | null {
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: true });
  } catch {
    return null;
  }
}
