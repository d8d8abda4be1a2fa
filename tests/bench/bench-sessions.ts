/**
 * Session files for the benchmarks: HL7 results padded to a size, written fast, without syncs of their own.
 * May import: node, src/common.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import type { SessionFile } from '../../src/common/session.ts';

export interface BacklogOptions {
  count: number;
  /** Size of each file, roughly. */
  bytes: number;
  /** Begins every id, so that one folder takes several backlogs. */
  prefix?: string;
  /** `expired`: accepted, and past its retention. */
  standing?: 'pending' | 'submitted' | 'expired';
}

const dayMs = 86_400_000;
/** What a file holds beside its message, which it holds once as text and once as hexadecimal digits. */
const frameBytes = 620;

/** Fills `<dataDir>/sessions`. */
export function writeBacklog(dataDir: string, options: BacklogOptions): void {
  const folder = join(dataDir, 'sessions');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const message = messageNamed('bench', Math.max(100, Math.floor((options.bytes - frameBytes) / 3)));
  const hexData = Buffer.from(message).toString('hex');
  for (let index = 0; index < options.count; index += 1) {
    const session = sessionOf(index, message, hexData, options);
    writeFileSync(join(folder, `${session.id}.json`), JSON.stringify(session), { mode: 0o600 });
  }
}

/** Waits until the disk has taken all that was written: a run must not pay for the writes before it. Windows has no such command. */
export function settleDisk(): void {
  spawnSync('sync');
}

function sessionOf(index: number, message: string, hexData: string, { prefix = 'bench', standing = 'pending' }: BacklogOptions) {
  const startTime = Date.now() - 2 * dayMs + index;
  const isPending = standing === 'pending';
  const attempt = { attempt: 1, startedAt: startTime + 1000, durationMs: 12, outcome: 'accepted' as const, httpStatus: 201 };
  const session: SessionFile = {
    _version: 1,
    _saved_at: startTime + 900,
    id: `${prefix}-${String(index).padStart(6, '0')}`,
    sessionId: index + 1,
    startTime,
    endTime: startTime + 800,
    deviceIP: `10.0.0.${index % 40}`,
    lisIP: '10.0.1.2',
    elements: [{ id: `${index}-1`, timestamp: startTime, direction: 'device-to-pc', type: 'message', hexData }],
    messages: [message],
    isComplete: true,
    persistedUntil: standing === 'expired' ? startTime + 1 : startTime + 400 * dayMs,
    submissionStatus: isPending ? 'pending' : 'submitted',
    submissionAttempts: isPending ? 0 : 1,
    ...(isPending ? {} : { submittedAt: startTime + 1012 }),
    submissionHistory: isPending ? [] : [attempt],
  };
  return session;
}

/** A result with `controlId` as MSH-10, `bytes` long. */
export function messageNamed(controlId: string, bytes: number): string {
  let message = `MSH|^~\\&|XN-1000|LAB|LIS|HOSP|20260101120000||ORU^R01|${controlId}|P|2.5.1\rPID|1||4711\r`;
  for (let line = 1; message.length < bytes; line += 1)
    message += `OBX|${line}|NM|GLU^Glucose^L||${(line % 90) / 10}|mmol/L||N|||F\r`;
  return `${message.slice(0, bytes - 1)}\r`;
}
