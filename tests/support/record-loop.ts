/**
 * A process that records attempts as fast as it can until it is killed; prints `<id> <attempts>` for each that is on disk.
 *   node record-loop.ts DATA_DIR
 * May import: src/service/store, tests/support.
 */
import { openSessionStore } from '../../src/service/store/session-store.ts';
import { attemptRecord } from './stored-session.ts';

const store = await openSessionStore({ dataDir: process.argv[2] as string });
const { queue } = await store.discover();
let startedAt = Date.now();
await Promise.all(
  queue.map(async ({ id }) => {
    for (;;) {
      startedAt += 1;
      const result = await store.record(attemptRecord(id, 'unheard', { startedAt }));
      if (result.type === 'recorded') process.stdout.write(`${id} ${result.recorded.submissionAttempts}\n`);
    }
  }),
);
