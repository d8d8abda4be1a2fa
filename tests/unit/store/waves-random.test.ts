/**
 * Random work that waits for the disk together comes out as if it were done one after the other: the same answers, and the
 * same files, also when the disk fails now and then.
 * May import: src/service/store, tests/support.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OutcomeClass } from '../../../src/common/outcome.ts';
import type { StatusChange } from '../../../src/service/store/session-change.ts';
import { errno, type FileCall } from '../../support/simulated-file-system.ts';
import { simulatedRecorder } from '../../support/simulated-store.ts';
import { attemptRecord, storedSession } from '../../support/stored-session.ts';

const runs = Number(process.env['FUZZ_RUNS'] ?? 300);
/** The same cases at every run; FUZZ_SEED tries others. */
const seed = Number(process.env['FUZZ_SEED'] ?? 20_240_101);
const now = 1_000_000;
const ids = ['a', 'b', 'c', 'd', 'e'];

const anyId = fc.constantFrom(...ids);
const someIds = fc.array(anyId, { minLength: 1, maxLength: 4 });
const anyWork = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('record' as const), id: anyId, kind: anyKind() }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('change' as const), id: anyId, change: anyChange() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('add' as const), id: fc.constantFrom('a', 'n') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('trash' as const), id: anyId }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restore' as const), ids: someIds }) },
);
type Work = typeof anyWork extends fc.Arbitrary<infer Value> ? Value : never;

/** The disk fails at the so-manieth call of a kind about one session: that does not depend on what others do. */
const anyFault = fc.record({
  name: fc.constantFrom('openNew', 'write', 'fsync', 'close', 'rename', 'lstat') as fc.Arbitrary<FileCall['name']>,
  id: anyId,
  nth: fc.integer({ min: 1, max: 4 }),
});
type Fault = typeof anyFault extends fc.Arbitrary<infer Value> ? Value : never;

test('work that waits together comes out as if it were done one after the other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyWork, { maxLength: 14 }), fc.array(anyFault, { maxLength: 2 }), async (works, faults) => {
      const together = await outcome(works, faults, async (asks) => Promise.allSettled(asks.map((ask) => ask())));
      const inTurn = await outcome(works, faults, async (asks) => {
        const results: PromiseSettledResult<unknown>[] = [];
        for (const ask of asks) results.push(...(await Promise.allSettled([ask()])));
        return results;
      });
      expect(together).toEqual(inTurn);
    }),
    { numRuns: runs, seed },
  );
}, 120_000);

/** Answers, and what is in the folders, at once and after a crash. */
async function outcome(
  works: readonly Work[],
  faults: readonly Fault[],
  askAll: (asks: (() => Promise<unknown>)[]) => Promise<PromiseSettledResult<unknown>[]>,
) {
  const { recorder, files, put, known } = simulatedRecorder();
  for (const id of ids) put(storedSession(id));
  await recorder.replaceLedger({ entries: [], lastAcceptedAt: 0, attemptsMax: 3 });
  const facts = new Map(ids.map((id) => [id, known(id)]));
  const ask = (work: Work, at: number): Promise<unknown> => {
    switch (work.type) {
      case 'record':
        return recorder.record({ record: attemptRecord(work.id, work.kind, { startedAt: now + 2 * at }), now: now + 2 * at + 1 });
      case 'change':
        return recorder.changeStatus({ id: work.id, change: work.change, now: now + 2 * at + 1 });
      case 'add':
        return recorder.add({ session: storedSession(work.id), now: now + 2 * at + 1 });
      case 'trash':
        return recorder.moveToTrash({ files: [facts.get(work.id) as ReturnType<typeof known>], now: now + 2 * at + 1 });
      case 'restore':
        return recorder.restoreFromTrash({ ids: work.ids });
    }
  };
  const counts = new Map<Fault, number>();
  files.fault = ({ name, path }) => {
    for (const fault of faults) {
      if (name !== fault.name || !new RegExp(`[./]${fault.id}\\.[^/]*(json|tmp)$`).test(path) || path.includes('trash')) continue;
      counts.set(fault, (counts.get(fault) ?? 0) + 1);
      if (counts.get(fault) === fault.nth) return errno('EIO');
    }
    return undefined;
  };
  const results = await askAll(works.map((work, at) => () => ask(work, at)));
  files.fault = () => undefined;
  const look = () =>
    ['sessions', 'trash'].flatMap((folder) => {
      const path = `/data/${folder}`;
      return files.names(path).map((name) => [folder, name, files.text(`${path}/${name}`)]);
    });
  const before = look();
  files.crash();
  return { results: results.map(plain), before, after: look(), open: files.openFiles };
}

/** Without what tells one file from another: that differs. */
function plain(result: PromiseSettledResult<unknown>): unknown {
  if (result.status === 'rejected') return (result.reason as Error).message;
  return JSON.parse(JSON.stringify(result.value), (key, value: unknown) => (/^(ino|ctimeMs|mtimeMs)$/.test(key) ? 0 : value));
}

function anyKind(): fc.Arbitrary<OutcomeClass> {
  return fc.constantFrom('accepted', 'later', 'refused', 'unheard', 'endpoint');
}

function anyChange(): fc.Arbitrary<StatusChange> {
  return fc.constantFrom('retried', 'ignored', 'restored', 'takenBack');
}
