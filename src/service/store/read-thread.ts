/**
 * Entry of the store's reading thread.
 *   session-store.ts -> threadLink -> this file -> reader.ts
 * May import: node.
 */
import { workerData } from 'node:worker_threads';
import { serveThread } from './link.ts';
import { createReader, type ReaderCalls } from './reader.ts';

serveThread<ReaderCalls>(createReader(workerData as { dataDir: string }));
