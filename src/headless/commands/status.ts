/**
 * `hl7-courier status`: how many sessions stand where. Asks the running service, or looks at the folder without
 * touching it.
 * May import: node, src/common, src/service, src/headless.
 */
import type { Status } from '../../common/contract.ts';
import { openSessionStore } from '../../service/store/session-store.ts';
import { answer, type CommandContext, counted, dataDirOf, say } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { apiClient } from '../server/api-client.ts';
import { runningService } from '../server/service-file.ts';

export async function status(context: CommandContext, options: { dataDir?: string; json?: boolean }): Promise<number> {
  const dataDir = dataDirOf(options.dataDir, context.environment);
  const running = await runningService(dataDir);
  const found = running === null ? await lookAt(dataDir) : await apiClient(running).request('getStatus', {});
  const { pending, submitted, failed, ignored, quarantined, running: isRunning, circuit, problems = [] } = found;
  if (options.json === true) {
    answer(context, {
      pending,
      submitted,
      failed,
      ignored,
      quarantined,
      running: isRunning,
      ...(circuit === undefined ? {} : { circuit }),
      ...(problems.length === 0 ? {} : { problems }),
    });
    return exitCodes.ok;
  }
  const rows = Object.entries({ pending, submitted, failed, ignored, quarantined });
  say(context, `${isRunning ? 'The service is running' : 'No service is running'} on ${dataDir}`);
  for (const [name, count] of rows) say(context, `  ${name.padEnd(12)}${count.toLocaleString('en').padStart(9)}`);
  if (circuit !== undefined && circuit.state !== 'closed')
    say(context, `Delivery is stopped: ${circuit.reason ?? 'testing with one session'}.`);
  for (const { message } of problems) say(context, message);
  if (quarantined > 0)
    say(context, `${counted(quarantined, 'file')} could not be read as a session; the reasons are in ${dataDir}/quarantine.`);
  return exitCodes.ok;
}

async function lookAt(dataDir: string): Promise<Status> {
  const store = await openSessionStore({ dataDir, readOnly: true });
  try {
    const { pending, submitted, failed, ignored, quarantined } = await store.counts();
    return { pending, submitted, failed, ignored, quarantined, running: false };
  } finally {
    await store.close();
  }
}
