/**
 * Entry of the thread that reads the files of one import: taking packets apart is no work for the host's event loop.
 *   import-reader.ts -> this file -> import-files.ts -> sessions -> import-reader.ts, which keeps them
 * May import: node, src/service.
 */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { importFiles } from '../capture/import-files.ts';
import type { FromImportThread, ImportOrder, SessionAnswer } from './import-reader.ts';

const { paths, settings } = workerData as ImportOrder;
const port = parentPort as MessagePort;
const tell = (said: FromImportThread) => port.postMessage(said);
const asked = new Map<number, (answer: SessionAnswer) => void>();
let lastNumber = 0;
/** Of the files before the one that is read. */
let bytesBefore = 0;
let current = { path: '', bytesRead: 0 };

port.on('message', (answer: SessionAnswer) => {
  asked.get(answer.number)?.(answer);
  asked.delete(answer.number);
});

const { files } = await importFiles(paths, {
  settings,
  now: Date.now,
  // The host counts: it captures at the same time.
  nextCounter: () => 0,
  // A session that cannot be kept ends this thread, so there is no refusal to wait for.
  add: (session) =>
    new Promise((resolve) => {
      lastNumber += 1;
      asked.set(lastNumber, resolve);
      tell({ type: 'session', number: lastNumber, session });
    }),
  onProgress: ({ path, bytesRead }) => {
    if (path !== current.path) bytesBefore += current.bytesRead;
    current = { path, bytesRead };
    tell({ type: 'progress', bytesRead: bytesBefore + bytesRead });
  },
});
tell({ type: 'ended', files });
