/** Runs captures through the pipeline and gives back what came of them. */
import type { SessionFile } from '../../src/common/session.ts';
import { defaultSettings, type Settings } from '../../src/common/settings.ts';
import { uuidV7 } from '../../src/common/uuid-v7.ts';
import { CapturePipeline } from '../../src/service/capture/capture-pipeline.ts';
import { captureReader } from '../../src/service/capture/pcap-reader.ts';
import type { GapNotice } from '../../src/service/capture/session-builder.ts';
import { pcapBytes, type Packet } from './capture-writer.ts';

export function pipelineFor(settings: Partial<Settings> = {}) {
  const sessions: SessionFile[] = [];
  const gaps: GapNotice[] = [];
  let counter = 0;
  const pipeline = new CapturePipeline({
    settings: { ...defaultSettings, ...settings },
    stamp: {
      idOf: (startTime) => uuidV7(startTime, Buffer.from(String(counter).padStart(10, '0'))),
      nextCounter: () => (counter += 1),
      now: () => 1_800_000_000_000,
    },
    onSession: (session) => sessions.push(session),
    onGap: (gap) => gaps.push(gap),
  });
  return { pipeline, sessions, gaps };
}

/** Everything that a capture file of these packets gives. */
export function captured(packets: readonly Packet[], settings: Partial<Settings> = {}, linkType = 1) {
  const { pipeline, sessions, gaps } = pipelineFor(settings);
  const reader = captureReader(pipeline.packet);
  reader.push(pcapBytes(packets, { linkType }));
  const problem = reader.end();
  pipeline.flush();
  return { sessions, gaps, problem, pipeline };
}

/** What a test says about a session, without times and ids. */
export function gist({ isComplete, submissionStatus, messages, elements, captureGaps }: SessionFile) {
  return {
    isComplete,
    submissionStatus,
    messages,
    elements: elements.map(
      ({ type, direction, hexData }) => `${direction === 'device-to-pc' ? '>' : '<'} ${type} ${shown(hexData)}`,
    ),
    ...(captureGaps === undefined ? {} : { missing: captureGaps.map(({ missingBytes }) => missingBytes ?? null) }),
  };
}

const shown = (hexData: string) => JSON.stringify(Buffer.from(hexData, 'hex').toString('latin1')).slice(1, -1);

export const mllp = (text: string | Uint8Array) =>
  Buffer.concat([Buffer.from([0x0b]), Buffer.from(text), Buffer.from([0x1c, 0x0d])]);
export const lisFrame = (text: string | Uint8Array) =>
  Buffer.concat([Buffer.from([0x02]), Buffer.from(text), Buffer.from('\r\n')]);
export const enq = Buffer.from([0x05]);
export const ack = Buffer.from([0x06]);
export const nak = Buffer.from([0x15]);
export const eot = Buffer.from([0x04]);

export const hl7 = (controlId: string, rest = 'OBX|1|ST|GLU||5.4\r') =>
  `MSH|^~\\&|DEV|LAB|LIS|LAB|20240101120000||ORU^R01|${controlId}|P|2.5\r${rest}`;
export const hl7Ack = (controlId: string) =>
  `MSH|^~\\&|LIS|LAB|DEV|LAB|20240101120001||ACK|A${controlId}|P|2.5\rMSA|AA|${controlId}\r`;
