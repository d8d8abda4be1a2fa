/** What is taken along: the forms of the files, their limits, what happens when sessions change or go meanwhile. */
import { describe, expect, test } from 'vitest';
import type { SessionFilter, SessionSort, SessionSummary } from '../../../src/common/contract.ts';
import { CourierError } from '../../../src/common/errors.ts';
import type { SessionFile } from '../../../src/common/session.ts';
import { hl7FileReader, isHl7File } from '../../../src/service/capture/hl7-file.ts';
import type { Ask } from '../../../src/renderer/client/api.ts';
import { csvHead, csvLine, csvRow } from '../../../src/renderer/sessions/export-formats.ts';
import {
  contentBytesMax,
  objectionTo,
  runExport,
  type ExportEnd,
  type ExportProgress,
  type ExportWish,
} from '../../../src/renderer/sessions/export-run.ts';
import { filtered, sessionsOf, sorted } from '../../support/scripted-data.ts';
import { storedSession } from '../../support/stored-session.ts';

/** Noon here, wherever that is: files are named after the local day. */
const now = new Date(2026, 10, 24, 12).getTime();
const header = 'MSH|^~\\&|CHEM-1|LAB|LIS|HOSP|20260101120000||ORU^R01|1|P|2.5.1';
const messages = [`${header}\rPID|1||4711||M\u00dcLLER^ANNA\rOBX|1|NM|GLU||7.1\r`];

describe('the table as CSV', () => {
  test('holds every row once, the oldest first, although sessions arrive and go meanwhile', async () => {
    const world = service(2500);
    let asked = 0;
    const end = made(
      await exported(world, { form: 'csv', isMasked: true }, () => {
        asked += 1;
        // One that comes shifts all places of a list that has the newest first, one that goes those of the other.
        world.sessions.unshift({ ...(world.sessions[0] as SessionSummary), sessionId: `late-${asked}`, startTime: now + asked });
        world.sessions.splice(-1 - asked, 1);
      }),
    );
    const lines = (await textOf(end)).split('\r\n');
    expect(lines[0]).toMatch(/^\uFEFFSession,Id,State,Captured \(local time\)/);
    const ids = lines.slice(1, -1).map((line) => line.split(',')[1]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !id?.startsWith('late-')).length).toBeGreaterThanOrEqual(2500 - asked);
    expect(end.name).toMatch(/^hl7-courier-2026-11-24-\d{4}-\d+-sessions\.csv$/);
    expect(world.names()).toEqual(['getSessions']);
  });

  test('of many rows is made in pages, with more than a page in one millisecond', async () => {
    const world = service(12_000);
    for (const each of world.sessions.slice(500, 3700)) each.startTime = 1_700_000_000_000;
    const steps: ExportProgress[] = [];
    const end = made(await exported(world, { form: 'csv', isMasked: true }, () => {}, steps));
    expect(end.sessions).toBe(12_000);
    expect(steps.at(-1)).toEqual({ phase: 'listing', done: 12_000, total: 12_000 });
    expect((await textOf(end)).split('\r\n')).toHaveLength(12_002);
  });

  test('runs no formula that a device or an endpoint put in', () => {
    expect(csvLine(['=1+1', '+1', '-1', '@x', '\t=1', ' =1', '\uFF1D1', 'a=1', 'say "x"', 'a,b', 'a;b', 'a\nb', -1])).toBe(
      `'=1+1,'+1,'-1,'@x,'\t=1,' =1,'\uFF1D1,a=1,"say ""x""","a,b","a;b","a\nb",-1\r\n`,
    );
    const [summary] = sessionsOf('busy', now, 1) as [SessionSummary];
    const row = csvRow({ ...summary, device: '=HYPERLINK("http://x")', startTime: 1e300, submissionError: '-2' });
    expect(row).toContain(`"'=HYPERLINK(""http://x"")"`);
    expect(row).toContain(`'-2`);
    expect(row.split(',').length).toBe(csvHead.split(',').length);
  });
});

describe('sessions and messages', () => {
  test('patient fields and raw bytes are left out, and the file says so', async () => {
    const world = service(3);
    const text = await textOf(made(await exported(world, { form: 'json', isMasked: true })));
    const file = JSON.parse(text) as { sessions: SessionFile[]; [key: string]: unknown };
    expect(file).toMatchObject({
      format: 'hl7-courier-export',
      patientFields: 'hidden',
      rawBytes: 'left out',
      count: 3,
      leftOut: { deletedMeanwhile: 0 },
    });
    expect(file.sessions.map(({ id }) => id)).toEqual(world.sessions.map(({ sessionId }) => sessionId).toReversed());
    expect(text).not.toMatch(/LLER|4711|4d5348/i);
    expect(text).toContain('GLU');
    expect(world.names()).toEqual(['getSessions', 'getSession']);
  });

  test('with patient fields all accesses are written down at once, before the first session is fetched', async () => {
    const world = service(20);
    const gone = world.sessions[3]?.sessionId ?? '';
    world.missing.add(gone);
    const end = made(await exported(world, { form: 'json', isMasked: false }));
    const accesses = world.asked.filter(({ name }) => name === 'recordPatientAccess');
    expect(accesses).toHaveLength(1);
    expect(accesses[0]?.params).toMatchObject({ action: 'exported', sessionIds: expect.arrayContaining([gone]) });
    expect(world.asked.findIndex(({ name }) => name === 'getSession')).toBeGreaterThan(world.asked.indexOf(accesses[0] as never));
    expect(world.asked.some(({ name, params }) => name === 'getSession' && params['sessionId'] === gone)).toBe(false);
    expect([end.sessions, end.left]).toEqual([19, { gone: 1, unfit: 0 }]);
    expect(await textOf(end)).toContain('M\u00dcLLER');
  });

  test('what could not be written down is not fetched', async () => {
    const world = service(3);
    world.refuse('recordPatientAccess', new CourierError('ERR_STORE_WRITE_FAILED', 'The disk is full.'));
    await expect(exported(world, { form: 'hl7', isMasked: false })).rejects.toThrow('The disk is full.');
    expect(world.names()).not.toContain('getSession');
  });

  test('messages are put between a header and a trailer that say what is left out', async () => {
    const world = service(3);
    const [newest, middle] = world.sessions as [SessionSummary, SessionSummary];
    world.gone.add(newest.sessionId);
    world.files.set(middle.sessionId, ['no message', messages[0] as string]);
    const end = made(await exported(world, { form: 'hl7', isMasked: false }));
    const lines = (await textOf(end)).split('\r');
    expect(lines[0]).toMatch(/^FHS\|\^~\\&\|HL7 COURIER\|\|\|\|\d{14}\|\|\|contains patient data$/);
    expect(lines.filter((line) => line.startsWith('MSH'))).toHaveLength(2);
    expect(lines[1]).toBe(`${header}||||||UNICODE UTF-8`);
    expect(lines).toContain('PID|1||4711||M\u00dcLLER^ANNA');
    expect(lines.at(-2)).toBe('FTS|1|2 messages of 2 sessions, 1 deleted meanwhile, 1 left out that is no HL7 message');
    expect(end.left).toEqual({ gone: 1, unfit: 1 });
    const hidden = await textOf(made(await exported(service(1), { form: 'hl7', isMasked: true })));
    expect(hidden).toContain('patient fields hidden');
    expect(hidden).toContain(`${header}\rPID|***\rOBX|1|NM|GLU||7.1\r`);
  });

  test('exported messages can be imported again, with their letters', async () => {
    const file = Buffer.from(await textOf(made(await exported(service(3), { form: 'hl7', isMasked: false }))));
    expect(isHl7File(file)).toBe(true);
    const read: string[] = [];
    const reader = hl7FileReader({
      stamp: { idOf: () => 'id', nextCounter: () => 1, now: () => now, retentionDays: 30 },
      fileTimeMs: now,
      onSession: (session) => read.push(...session.messages),
    });
    reader.push(file);
    expect(reader.end()).toBeNull();
    expect(read).toHaveLength(3);
    expect(read[0]).toContain('PID|1||4711||M\u00dcLLER^ANNA\rOBX|1|NM|GLU||7.1\r');
  });

  test('one session is itself, and named by its id', async () => {
    const world = service(5);
    const [summary] = world.sessions as [SessionSummary];
    const selection = { kind: 'some' as const, sessions: [summary] };
    const end = made(await exported(world, { form: 'json', isMasked: false, selection }));
    expect(end.name).toBe(`${summary.sessionId}.json`);
    expect(JSON.parse(await textOf(end))).toMatchObject({ id: summary.sessionId, messages });
    world.gone.add(summary.sessionId);
    await expect(exported(world, { form: 'json', isMasked: true, selection })).rejects.toThrow('deleted meanwhile');
  });

  test('a few are fetched at once, in order, and a cancelled export makes no file', async () => {
    const world = service(50);
    const end = made(await exported(world, { form: 'json', isMasked: true }));
    expect(world.mostAtOnce()).toBe(4);
    expect(end.sessions).toBe(50);
    const ending = new AbortController();
    const cancelled = await exported(
      world,
      { form: 'json', isMasked: true },
      ({ params }) => {
        if (params['sessionId'] !== undefined) ending.abort();
      },
      [],
      ending.signal,
    );
    expect(cancelled).toEqual({ type: 'cancelled' });
    expect(await exported(world, { form: 'csv', isMasked: true }, () => ending.abort(), [], ending.signal)).toEqual({
      type: 'cancelled',
    });
  });

  test('a service that goes away ends the export with its reason', async () => {
    const world = service(10);
    world.refuse('getSession', new CourierError('ERR_SERVICE_NOT_RUNNING', 'The service gives no answer.'));
    await expect(exported(world, { form: 'json', isMasked: true })).rejects.toThrow('The service gives no answer.');
  });

  test('too much for one file is said before anything is fetched, with what would fit', async () => {
    const world = service(30);
    for (const each of world.sessions) each.bytes = contentBytesMax / 10;
    const end = await exported(world, { form: 'json', isMasked: true });
    expect(end).toMatchObject({
      type: 'tooMuch',
      message: expect.stringMatching(
        /^These 30 sessions hold 750 MB; one file takes 250 MB\. Nothing was exported\. .* The oldest 10 fit, those captured before .* As a table \(CSV\) all of them fit\.$/,
      ),
    });
    expect(world.names()).toEqual(['getSessions']);
    const many = Array.from({ length: 10_001 }, (_, index) => ({ sessionId: `s${index}`, bytes: 10, startTime: index }));
    expect(objectionTo(many, { isMasked: true }, now)).toBeNull();
    expect(objectionTo(many, { isMasked: false }, now)).toMatch(/^With patient fields at most 10,000 sessions/);
    const huge = [{ sessionId: 's', bytes: contentBytesMax + 1, startTime: 1 }];
    expect(objectionTo(huge, { isMasked: true }, now)).not.toContain('fit, those');
  });
});

interface Asked {
  name: string;
  params: Record<string, unknown>;
}
/** A service of invented sessions that can lose some of them. */
function service(total: number) {
  const sessions = sessionsOf('large', now, total);
  const asked: Asked[] = [];
  const [missing, gone] = [new Set<string>(), new Set<string>()];
  const files = new Map<string, string[]>();
  const refusals = new Map<string, CourierError>();
  let [atOnce, most] = [0, 0];
  interface Params {
    filter: SessionFilter;
    sort: SessionSort;
    offset?: number;
    limit: number;
    sessionId: string;
  }
  const answers: Record<string, (params: Params) => unknown> = {
    getSessions: ({ filter, sort, offset = 0, limit }) => {
      const found = sorted(filtered(sessions, filter), sort);
      return { total: found.length, sessions: found.slice(offset, offset + limit) };
    },
    getSession: ({ sessionId }) => {
      if (gone.has(sessionId)) throw new CourierError('ERR_SESSION_NOT_FOUND', 'This session is not here any more.');
      return { summary: {}, session: storedSession(sessionId, { messages: files.get(sessionId) ?? messages }) };
    },
    recordPatientAccess: () => ({ recorded: true, missing: [...missing] }),
  };
  const world = {
    sessions,
    asked,
    missing,
    gone,
    files,
    refuse: (name: string, error: CourierError) => refusals.set(name, error),
    names: () => [...new Set(asked.map(({ name }) => name))],
    mostAtOnce: () => most,
    onAsked: (_asked: Asked) => {},
    ask: (async (name: string, params: Params & Asked['params']) => {
      asked.push({ name, params });
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((wake) => setImmediate(wake));
      atOnce -= 1;
      world.onAsked({ name, params });
      const refusal = refusals.get(name);
      if (refusal !== undefined) throw refusal;
      return answers[name]?.(params);
    }) as unknown as Ask,
  };
  return world;
}

function exported(
  world: ReturnType<typeof service>,
  wish: Pick<ExportWish, 'form' | 'isMasked'> & Partial<ExportWish>,
  onAsked: (asked: Asked) => void = () => {},
  steps: ExportProgress[] = [],
  signal: AbortSignal = new AbortController().signal,
): Promise<ExportEnd> {
  world.onAsked = onAsked;
  const selection = { kind: 'all' as const, filter: {}, total: world.sessions.length, inView: 20 };
  return runExport({ selection, ...wish }, { ask: world.ask, now: () => now, signal, onProgress: (step) => steps.push(step) });
}
function made(end: ExportEnd): Extract<ExportEnd, { type: 'made' }> {
  if (end.type !== 'made') throw new Error(`no file: ${JSON.stringify(end)}`);
  return end;
}
/** With its byte order mark, which `Blob.text` would take off. */
const textOf = async ({ file }: { file: Blob }) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(await file.arrayBuffer());
