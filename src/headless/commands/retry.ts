/**
 * `hl7-courier retry`: puts failed and ignored sessions back in the queue, through the running service if there is one.
 * May import: node, src/common, src/service, src/headless.
 */
import { CourierError } from '../../common/errors.ts';
import { isSessionId } from '../../service/store/folders.ts';
import { acquireOwnership } from '../../service/store/owner-lock.ts';
import { openSessionStore } from '../../service/store/session-store.ts';
import { type CommandContext, counted, dataDirOf, say } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { apiClient } from '../server/api-client.ts';
import { runningService } from '../server/service-file.ts';

export interface RetryOptions {
  dataDir?: string;
  failed?: boolean;
  again?: boolean;
}

export async function retry(context: CommandContext, ids: readonly string[], options: RetryOptions): Promise<number> {
  if ((ids.length === 0) === (options.failed !== true))
    throw new CourierError('ERR_ARGUMENT_INVALID', 'retry takes session ids, or --failed for all that failed; not both.');
  const wrong = ids.find((id) => !isSessionId(id));
  if (wrong !== undefined)
    throw new CourierError(
      'ERR_ARGUMENT_INVALID',
      `"${wrong.slice(0, 140)}" is no session id: those have letters, digits, "_" and "-".`,
    );
  const dataDir = dataDirOf(options.dataDir, context.environment);
  const running = await runningService(dataDir);
  const { queued, unchanged } =
    running === null ? await retryOnDisk(dataDir, ids, options) : await retryThrough(running, ids, options);
  say(context, `${counted(queued, 'session')} waiting to be sent${running === null ? ' by the next submit or serve' : ''}.`);
  if (unchanged > 0)
    say(
      context,
      `${counted(unchanged, 'session')} unchanged: not there, pending already, or accepted (--again also sends what was accepted).`,
    );
  return unchanged > 0 ? exitCodes.failed : exitCodes.ok;
}

async function retryThrough(
  running: { url: string; token: string },
  ids: readonly string[],
  { failed, again = false }: RetryOptions,
) {
  const api = apiClient(running);
  return failed === true ? api.request('retryFailed', {}) : api.request('retrySubmission', { sessionIds: [...ids], again });
}

async function retryOnDisk(dataDir: string, ids: readonly string[], { failed, again = false }: RetryOptions) {
  // Beside a `submit` that is under way the change is written all the same; that run looks again before each POST.
  const ownership = await acquireOwnership(dataDir, { command: 'retry' }).catch((error: unknown) => {
    if (error instanceof CourierError && error.code === 'ERR_STORE_OWNED') return null;
    throw error;
  });
  const store = await openSessionStore({ dataDir, isOwner: ownership !== null });
  try {
    const which = failed === true ? await store.idsMatching({ status: ['failed'] }) : ids;
    const { changed, unchanged } = await store.changeStatus(which, 'retried', { again });
    return { queued: changed.length, unchanged };
  } finally {
    await store.close();
    ownership?.release();
  }
}
