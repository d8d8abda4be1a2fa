/** An import from the console's side: pieces in their order, progress, cancelling, and the words for what came of it. */
import { describe, expect, test } from 'vitest';
import {
  importBytesMax,
  importPieceBytesMax,
  type ImportResult,
  type ImportStanding,
  type RequestName,
} from '../../../src/common/contract.ts';
import { CourierError } from '../../../src/common/errors.ts';
import type { Ask } from '../../../src/renderer/client/api.ts';
import { followImport, runImport, type ChosenFile, type ImportProgress } from '../../../src/renderer/import/import-run.ts';
import {
  addressOfFound,
  figuresOf,
  inOrder,
  lastImport,
  objectionTo,
  remarksOf,
  summaryOf,
  wordOfFile,
} from '../../../src/renderer/import/import-words.ts';
import { filterOf } from '../../../src/renderer/model/session-filter.ts';

const file = (name: string, content: Uint8Array<ArrayBuffer>): ChosenFile => ({
  name,
  size: content.length,
  lastModified: 1_700_000_000_000,
  slice: (from, to) => new Blob([content.subarray(from, to)]),
});
const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => index % 251);
const result: ImportResult = { files: [] };

interface Asked {
  name: RequestName;
  params: Record<string, unknown>;
}
/** @param answers by request: what it answers, or throws. */
function service(answers: Partial<Record<RequestName, (params: never) => unknown>> = {}) {
  const asked: Asked[] = [];
  let received = 0;
  const ask = (async (name: RequestName, params: Record<string, unknown>) => {
    asked.push({ name, params });
    const own = answers[name];
    if (own !== undefined) return own(params as never);
    if (name === 'beginImport') return { importId: 'one' };
    if (name === 'endImport') return result;
    if (name === 'getImport') return {};
    received += Buffer.from(String(params['data'] ?? ''), 'base64').length;
    return name === 'sendImportPiece' ? { bytesReceived: received } : { cancelled: true };
  }) as unknown as Ask;
  return { ask, asked, names: () => asked.map(({ name }) => name) };
}
function run(files: ChosenFile[], ask: Ask, onProgress: (progress: ImportProgress, cancel: () => void) => void = () => {}) {
  const ending = new AbortController();
  return runImport(files, {
    ask,
    signal: ending.signal,
    onProgress: (progress) => onProgress(progress, () => ending.abort()),
    wait: () => Promise.resolve(),
  });
}

describe('a file', () => {
  test('goes to the service piece by piece, and comes together there as it was', async () => {
    const content = bytes(2 * importPieceBytesMax + 5);
    const { ask, asked } = service();
    const progress: ImportProgress[] = [];
    const end = await run([file('a.pcap', bytes(3)), file('empty.hl7', bytes(0)), file('b.pcap', content)], ask, (step) =>
      progress.push(step),
    );
    expect(end).toEqual({ type: 'read', result });
    expect(asked[0]?.params['files']).toEqual(
      [3, 0, content.length].map((size) => ({ bytes: size, modifiedAt: 1_700_000_000_000 })),
    );
    const pieces = asked.filter(({ name }) => name === 'sendImportPiece').map(({ params }) => params);
    expect(pieces.map((piece) => [piece['file'], piece['offset']])).toEqual([
      [0, 0],
      [2, 0],
      [2, importPieceBytesMax],
      [2, 2 * importPieceBytesMax],
    ]);
    const sent = Buffer.concat(pieces.slice(1).map((piece) => Buffer.from(String(piece['data']), 'base64')));
    expect(sent.equals(Buffer.from(content))).toBe(true);
    expect(progress.at(-1)).toEqual({
      phase: 'sending',
      file: 2,
      done: 3 + 2 * importPieceBytesMax,
      total: content.length + 3,
    });
  });

  test('never takes its name along', async () => {
    const { ask, asked } = service();
    await run([file('MUSTERMANN-ANNA.hl7', bytes(10))], ask);
    expect(JSON.stringify(asked)).not.toContain('MUSTERMANN');
  });

  test('that was changed meanwhile ends the import, names itself, and leaves nothing at the service', async () => {
    const { ask, names } = service();
    const gone: ChosenFile = {
      ...file('gone.pcap', bytes(10)),
      slice: () => ({ arrayBuffer: () => Promise.reject(new Error()) }) as never,
    };
    await expect(run([gone], ask)).rejects.toThrow('gone.pcap cannot be read any more');
    expect(names()).toEqual(['beginImport', 'cancelImport']);
  });
});

describe('an import', () => {
  test('says how far reading is, as long as it is read', async () => {
    const { promise, resolve } = Promise.withResolvers<ImportResult>();
    const standing = { importId: 'one', state: 'reading', bytesTotal: 10, bytesReceived: 10, bytesRead: 4 };
    const { ask } = service({ endImport: () => promise, getImport: () => ({ import: standing }) });
    const progress: ImportProgress[] = [];
    const end = await run([file('a.pcap', bytes(10))], ask, (step) => {
      progress.push(step);
      if (step.phase === 'reading') resolve(result);
    });
    expect(end).toEqual({ type: 'read', result });
    expect(progress.at(-1)).toEqual({ phase: 'reading', file: 0, done: 4, total: 10 });
  });

  test('ends well although nobody could ask how far it is', async () => {
    const { ask } = service({
      getImport: () => {
        throw new CourierError('ERR_SERVICE_NOT_RUNNING', 'gone');
      },
    });
    expect(await run([file('a.pcap', bytes(1))], ask)).toEqual({ type: 'read', result });
  });

  test('whose end is not heard is left to the service, which reads it without the page', async () => {
    const { ask, names } = service({
      endImport: () => {
        throw new CourierError('ERR_SERVICE_NOT_RUNNING', 'The service gives no answer; it may have stopped.');
      },
    });
    expect(await run([file('a.pcap', bytes(1))], ask)).toEqual({ type: 'unheard' });
    expect(names()).not.toContain('cancelImport');
  });

  test('that is cancelled while it is sent sends no further piece', async () => {
    const { ask, names } = service();
    const end = await run([file('a.pcap', bytes(3 * importPieceBytesMax))], ask, (_, cancel) => cancel());
    expect(end).toEqual({ type: 'cancelled', isPartlyRead: false });
    expect(names()).toEqual(['beginImport', 'sendImportPiece', 'cancelImport']);
  });

  test('that is cancelled while it is read ends as cancelled', async () => {
    const { promise, reject } = Promise.withResolvers<ImportResult>();
    const standing = { importId: 'one', state: 'reading', bytesTotal: 1, bytesReceived: 1, bytesRead: 0 };
    const { ask, names } = service({
      endImport: () => promise,
      getImport: () => ({ import: standing }),
      cancelImport: () => {
        reject(new CourierError('ERR_STATE_CONFLICT', 'cancelled'));
        return { cancelled: true };
      },
    });
    const end = await run([file('a.pcap', bytes(1))], ask, ({ phase }, cancel) => {
      if (phase === 'reading') cancel();
    });
    expect(end).toEqual({ type: 'cancelled', isPartlyRead: true });
    expect(names().filter((name) => name === 'cancelImport')).toHaveLength(1);
  });

  test('that the service refuses is told as it says it', async () => {
    const refusal = new CourierError('ERR_STORE_WRITE_FAILED', 'make room');
    const { ask, names } = service({
      sendImportPiece: () => {
        throw refusal;
      },
    });
    await expect(run([file('a.pcap', bytes(1))], ask)).rejects.toBe(refusal);
    expect(names()).toEqual(['beginImport', 'sendImportPiece', 'cancelImport']);
  });
});

describe('a page that was loaded again', () => {
  const begun: ImportStanding = { importId: 'one', state: 'reading', bytesTotal: 10, bytesReceived: 10, bytesRead: 4 };
  const follow = (after: readonly (ImportStanding | undefined)[]) => {
    const left = [...after];
    const { ask } = service({ getImport: () => ({ import: left.shift() }) });
    const steps: number[] = [];
    const end = followImport(begun, { ask, onProgress: ({ done }) => steps.push(done), wait: () => Promise.resolve() });
    return end.then((standing) => ({ standing, steps }));
  };

  test('follows what the service reads to its end', async () => {
    const ended: ImportStanding = { ...begun, state: 'ended', bytesRead: 10, result };
    expect(await follow([{ ...begun, bytesRead: 7 }, ended])).toEqual({ standing: ended, steps: [4, 7] });
  });

  test('takes no other import for the one that it followed', async () => {
    expect(await follow([{ ...begun, importId: 'two' }])).toEqual({ standing: undefined, steps: [4] });
    expect(await follow([undefined])).toEqual({ standing: undefined, steps: [4] });
  });

  test('is told how an import ended that it has not seen', () => {
    const of = (more: Partial<ImportStanding>) => lastImport({ ...begun, ...more });
    expect(of({})).toBe(null);
    expect(of({ state: 'ended', result })).toBe('The last import: Nothing was added.');
    expect(of({ state: 'dropped', reason: 'It was cancelled.' })).toBe(
      'The last import did not come to its end. It was cancelled.',
    );
  });
});

describe('the words', () => {
  const plain = { isRead: true, sessions: 2, added: 2, alreadyThere: 0, gaps: 0, problems: [] };
  const corrupt = { ...plain, isRead: false, problems: [{ kind: 'corrupt' as const, offset: 4096, message: 'It is damaged.' }] };
  const nothing = { ...plain, sessions: 0, added: 0, problems: [{ kind: 'nothingFound' as const, message: 'No HL7.' }] };

  test('say of each file how it went', () => {
    expect(wordOfFile(plain).word).toBe('Read');
    expect(wordOfFile({ ...plain, gaps: 1 }).word).toBe('Read, with gaps');
    expect(wordOfFile(nothing).word).toBe('Nothing found');
    expect(wordOfFile(corrupt).word).toBe('Read in part');
    expect(wordOfFile({ ...corrupt, sessions: 0 }).word).toBe('Not read');
  });

  test('count what was added, what was here, and say where something is wrong', () => {
    expect(figuresOf(plain)).toBe('2 sessions, 2 added');
    expect(figuresOf({ ...plain, added: 1, alreadyThere: 1 })).toBe('2 sessions, 1 added, 1 was here already');
    expect(figuresOf(nothing)).toBe('no session');
    expect(remarksOf({ ...corrupt, gaps: 2 })).toEqual([
      '2 gaps: bytes are missing there; the sessions concerned are marked as incomplete.',
      'At byte 4,096: It is damaged.',
    ]);
    expect(remarksOf(nothing)).toEqual(['No HL7.']);
    expect(summaryOf({ files: [plain, nothing] })).toBe('2 sessions added.');
    expect(summaryOf({ files: [{ ...plain, added: 0, alreadyThere: 2 }, corrupt, corrupt] })).toBe(
      '4 sessions added. 2 were here already. 2 files could not be read to the end.',
    );
    expect(summaryOf({ files: [nothing] })).toBe('Nothing was added.');
  });

  test('put files of a cut capture in their order, and say what is too much', () => {
    expect(inOrder([{ name: 'a_10.pcap' }, { name: 'a_2.pcap' }])).toEqual([{ name: 'a_2.pcap' }, { name: 'a_10.pcap' }]);
    expect(objectionTo([{ size: 1 }])).toBe(null);
    expect(objectionTo([{ size: importBytesMax }, { size: 1 }])).toMatch(/at most 2\.1 GB are imported at once/);
    expect(objectionTo(Array.from({ length: 101 }, () => ({ size: 1 })))).toMatch(/These are 101 files; at most 100/);
  });

  test('lead to the sessions of the time that was imported', () => {
    expect(addressOfFound({ files: [] })).toBe(null);
    const earliestAt = Date.UTC(2026, 2, 1, 12, 0, 30);
    const latestAt = Date.UTC(2026, 2, 1, 12, 59, 59);
    const address = addressOfFound({ files: [], earliestAt, latestAt }) ?? '';
    const { from = 0, to = 0 } = filterOf(new URLSearchParams(address.split('?')[1]), 0);
    expect(from).toBe(Date.UTC(2026, 2, 1, 12, 0));
    expect(to).toBe(Date.UTC(2026, 2, 1, 13, 0));
  });
});
