/**
 * Entry of the store's recording thread.
 *   session-store.ts -> threadLink -> this file -> recorder.ts
 * May import: node.
 */
import { workerData } from 'node:worker_threads';
import { serveThread } from './link.ts';
import { createRecorder, type RecorderCalls } from './recorder.ts';

serveThread<RecorderCalls>(createRecorder(workerData as { dataDir: string }));
