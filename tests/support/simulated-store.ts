/**
 * The session store over a simulated file system, its two halves in this thread.
 * May import: src/service/store.
 */
import { inlineLink } from '../../src/service/store/link.ts';
import { createReader, type ReaderCalls } from '../../src/service/store/reader.ts';
import { createRecorder, type RecorderCalls } from '../../src/service/store/recorder.ts';
import type { SessionFile } from '../../src/common/session.ts';
import { openSessionStore, type SessionStoreOptions, type StoreReport } from '../../src/service/store/session-store.ts';
import { SimulatedFileSystem } from './simulated-file-system.ts';

export async function simulatedStore(
  options: Partial<SessionStoreOptions> = {},
  files = new SimulatedFileSystem(),
  breathe = async () => {},
) {
  const dataDir = '/data';
  const reports: StoreReport[] = [];
  const clock = { now: 1_000_000 };
  for (const folder of ['sessions', 'quarantine', 'trash']) files.makeFolder(`${dataDir}/${folder}`);
  const store = await openSessionStore({
    dataDir,
    now: () => clock.now,
    log: (report) => reports.push(report),
    wait: async () => {},
    fileSystem: files,
    links: {
      reader: inlineLink<ReaderCalls>(createReader({ dataDir, fileSystem: files, breathe })),
      recorder: inlineLink<RecorderCalls>(
        createRecorder({
          dataDir,
          fileSystem: files,
          sleep: (ms) => void (clock.now += ms),
          pause: async (ms) => void (clock.now += ms),
        }),
      ),
    },
    ...options,
  });
  return {
    store,
    files,
    clock,
    reports,
    put: (session: SessionFile) => files.put(`${dataDir}/sessions/${session.id}.json`, JSON.stringify(session)),
    onDisk: (id: string) => JSON.parse(files.text(`${dataDir}/sessions/${id}.json`) ?? 'null') as SessionFile | null,
  };
}

/** The writing half alone: what is asked of it in one turn waits for the disk together. */
export function simulatedRecorder(files = new SimulatedFileSystem()) {
  const dataDir = '/data';
  for (const folder of ['sessions', 'quarantine', 'trash']) files.makeFolder(`${dataDir}/${folder}`);
  const recorder = createRecorder({ dataDir, fileSystem: files, sleep: () => {}, pause: async () => {} });
  return {
    recorder,
    files,
    put: (session: SessionFile) => files.put(`${dataDir}/sessions/${session.id}.json`, JSON.stringify(session)),
    onDisk: (id: string) => JSON.parse(files.text(`${dataDir}/sessions/${id}.json`) ?? 'null') as SessionFile | null,
    /** What a move to the trash is told of a file. */
    known: (id: string) => ({ id, ...(files.lstat(`${dataDir}/sessions/${id}.json`) ?? { ino: 0, size: 0, ctimeMs: 0 }) }),
  };
}
