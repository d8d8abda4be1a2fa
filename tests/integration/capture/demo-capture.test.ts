/**
 * The demo with `--capture`: simulated analysers talk LIS style and MLLP over real sockets, dumpcap hears them, and
 * every session arrives at the collector.
 */
import { expect, test } from 'vitest';
import { startLaboratorySystem } from '../../../src/headless/demo/conversation.ts';
import { sampleSessions } from '../../../src/headless/demo/sample-sessions.ts';
import { seededRandom } from '../../../src/headless/demo/seeded-random.ts';
import { whyNoLiveCapture } from '../../support/dumpcap.ts';
import { startCourier } from '../../support/courier-process.ts';
import { makeDataDir, statusCounts } from '../../support/session-folder.ts';

const missing = whyNoLiveCapture();
if (missing !== null) console.log(`The demo with --capture is not tested: ${missing}`);

test('a conversation of each kind is heard whole by both ends', async () => {
  const laboratory = await startLaboratorySystem();
  const sessions = sampleSessions({ random: seededRandom(3), now: () => 1_795_500_000_000 });
  for (let index = 0; index < 20; index++) await laboratory.talk(sessions.next().value);
  await laboratory.close();
});

test.skipIf(missing !== null)('what analysers say on the wire arrives at the collector', async ({ onTestFinished }) => {
  const dataDir = makeDataDir(onTestFinished);
  const demo = startCourier(['demo', '--capture', '--port', '0', '--per-second', '5', '--data-dir', dataDir]);
  onTestFinished(() => demo.signal('SIGKILL'));
  await expect.poll(() => statusCounts(dataDir)['submitted'] ?? 0, { timeout: 120_000, interval: 250 }).toBeGreaterThan(15);
  demo.signal('SIGINT');
  const { code } = await demo.ended;
  expect(code).toBe(0);
  expect(demo.stderr()).not.toContain('error');
});
