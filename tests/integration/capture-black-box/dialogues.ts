/**
 * What device and LIS say to each other in the black-box tests, and one import run with its sessions.
 * May import: node, tests/support.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runCourier, setOptions } from '../../support/courier-process.ts';
import type { Ended } from '../../support/courier-process.ts';
import { patientName, readStored } from '../../support/session-folder.ts';
import { Talk } from './packets.ts';
import type { Bytes, TalkOptions } from './packets.ts';

export const dayMs = 86_400_000;
export const baseMs = Date.UTC(2026, 4, 12, 8, 0, 0, 125);

/** A result without a trailing CR: over LIS framing the closing CR LF belongs to the frame. */
export const result = (control: string, more = ''): string =>
  `MSH|^~\\&|XN|LAB|LIS|HOSP|20260512100000||ORU^R01|${control}|P|2.5.1\rPID|1||4Q7X||${patientName}^ANNA\rOBX|1|NM|WBC||7.1${more}`;
export const hl7Ack = (control: string): string =>
  `MSH|^~\\&|LIS|HOSP|XN|LAB|20260512100001||ACK^R01|A${control}|P|2.5.1\rMSA|AA|${control}\r`;

export const ENQ = '\x05';
export const ACK = '\x06';
export const NAK = '\x15';
export const EOT = '\x04';
export const lisFrame = (payload: string): string => `\x02${payload}\r\n`;
export const mllp = (payload: string): string => `\x0b${payload}\x1c\r`;
export const hexOf = (text: string): string => Buffer.from(text, 'latin1').toString('hex');

/** A whole LIS session on an open connection. */
export function sayLis(talk: Talk, ...payloads: string[]): Talk {
  talk.device(ENQ).lis(ACK);
  for (const payload of payloads) talk.device(lisFrame(payload)).lis(ACK);
  return talk.device(EOT);
}
export const lisTalk = (options: TalkOptions, ...payloads: string[]): Talk =>
  sayLis(new Talk(options).open(), ...payloads).close();

export function sayMllp(talk: Talk, control: string, more = ''): Talk {
  return talk.device(mllp(`${result(control, more)}\r`)).lis(mllp(hl7Ack(control)));
}
export const mllpTalk = (options: TalkOptions, ...controls: string[]): Talk => {
  const talk = new Talk(options).open();
  for (const control of controls) sayMllp(talk, control);
  return talk.close();
};

export interface Element {
  id: string;
  timestamp: number;
  direction: 'device-to-pc' | 'pc-to-device';
  type: 'start' | 'message' | 'ack' | 'fragment' | 'end';
  hexData: string;
  content?: string;
}
export interface Session {
  [field: string]: unknown;
  id: string;
  sessionId: number;
  startTime: number;
  endTime: number;
  deviceIP: string;
  lisIP: string;
  elements: Element[];
  messages: string[];
  isComplete: boolean;
  persistedUntil: number;
  submissionStatus?: string;
  captureGaps?: { timestamp: number; missingBytes?: number }[];
}

export const typesOf = ({ elements }: Session): string[] => elements.map(({ type }) => type);
export const elementsOf = ({ elements }: Session, type: Element['type']): Element[] =>
  elements.filter((element) => element.type === type);
export const payloadsOf = (session: Session, type: Element['type']): string[] =>
  elementsOf(session, type).map(({ hexData }) => Buffer.from(hexData, 'hex').toString('latin1'));
/** Message text without what follows its last segment. */
export const bare = (messages: readonly string[]): string[] => messages.map((message) => message.replace(/\r+$/, ''));

/** A folder with capture files and a data directory; `remove` takes both away. */
export class ImportWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'hl7-courier-black-box-'));
  readonly dataDir = join(this.folder, 'data');
  readonly files: string[] = [];

  add(name: string, content: Bytes): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    this.files.push(path);
    return path;
  }

  run(settings: Record<string, unknown> = {}, files: readonly string[] = this.files): Promise<Ended> {
    mkdirSync(this.dataDir, { recursive: true, mode: 0o700 });
    return runCourier(['import', '--data-dir', this.dataDir, ...setOptions(settings), ...files], { TZ: 'UTC' });
  }

  names(): string[] {
    const sessions = join(this.dataDir, 'sessions');
    return existsSync(sessions) ? readdirSync(sessions).sort() : [];
  }

  /** Every session, by its start. */
  all(): Session[] {
    const found = this.names().map((name) => readStored(this.dataDir, name.replace(/\.json$/, '')) as unknown as Session);
    return found.sort((left, right) => left.startTime - right.startTime || left.sessionId - right.sessionId);
  }

  of(device: string): Session[] {
    return this.all().filter(({ deviceIP }) => deviceIP === device);
  }

  /** The only session of a device. */
  one(device: string): Session {
    const found = this.of(device);
    if (found.length !== 1 || !found[0]) throw new Error(`${found.length} sessions of ${device} instead of one`);
    return found[0];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
