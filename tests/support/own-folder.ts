/**
 * A process that owns a data directory until it is killed; prints `owned`, or why it cannot.
 *   node own-folder.ts DATA_DIR
 * May import: src/service/store.
 */
import { acquireOwnership } from '../../src/service/store/owner-lock.ts';

try {
  await acquireOwnership(process.argv[2] as string, { command: 'serve' });
  process.stdout.write('owned\n');
  setInterval(() => {}, 60_000);
} catch (error) {
  process.stdout.write(`${(error as Error).message}\n`);
}
