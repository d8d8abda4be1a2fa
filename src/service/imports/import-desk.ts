/**
 * Imports that a console asks for, one at a time: the machine with its effects, and the contract's requests about it.
 *   beginImport -> sendImportPiece ... -> endImport -> thread -> store -> result
 * Nothing of a file but its size, its time and its bytes comes here, and none of its bytes go to the log.
 * May import: xstate, src/common, machines, src/service, node.
 */
import { randomUUID } from 'node:crypto';
import { createActor, fromPromise, toPromise, type Actor } from 'xstate';
import { importBytesMax, type ImportResult, type ImportStanding, type Params, type RequestName } from '../../common/contract.ts';
import { CourierError } from '../../common/errors.ts';
import type { SessionFile } from '../../common/session.ts';
import { importMachine, type ImportOutcome } from '../../../machines/import.ts';
import type { CaptureSettings } from '../capture/session-builder.ts';
import type { HandlersOf } from '../handlers.ts';
import type { Log } from '../log.ts';
import { readImport } from './import-reader.ts';
import { prepareImports, ReceivedFiles, sweepImports } from './received-files.ts';

export interface ImportDeskTools {
  dataDir: string;
  settings: () => CaptureSettings;
  /** Keeps a session unless one of the same id is there. */
  add: (session: SessionFile) => Promise<{ added: boolean }>;
  nextCounter: () => number;
  /** Sessions were added: they may be delivered. */
  onAdded: () => void;
  log: Pick<Log, 'info' | 'warn'>;
  /** Free bytes where a folder lies; the system's unless a test brings its own. */
  freeBytes?: (folder: string) => Promise<number>;
  clock?: NonNullable<Parameters<typeof createActor>[1]>['clock'];
}

interface Import {
  id: string;
  actor: Actor<typeof importMachine>;
  files: ReceivedFiles;
  bytesRead: number;
  /** Settled when the thread is gone: it holds a file open. */
  reading: Promise<unknown>;
  /** Told when its files are gone again. */
  ended: Promise<ImportOutcome>;
  outcome: ImportOutcome | null;
}

export class ImportDesk {
  readonly #tools: ImportDeskTools;
  #latest: Import | null = null;
  #isPreparing = false;
  #isClosed = false;

  /** Removes what an import left behind that a crash or a power cut ended. */
  static async open(tools: ImportDeskTools): Promise<ImportDesk> {
    try {
      await sweepImports(tools.dataDir);
    } catch (error) {
      tools.log.warn({ err: error }, 'Files of an earlier import could not be removed; it is tried again at the next one.');
    }
    return new ImportDesk(tools);
  }

  private constructor(tools: ImportDeskTools) {
    this.#tools = tools;
  }

  /** @throws CourierError `ERR_STATE_CONFLICT` while one runs, `ERR_PAYLOAD_TOO_LARGE`, `ERR_STORE_WRITE_FAILED`. */
  async begin({ files: announced }: Params<'beginImport'>): Promise<{ importId: string }> {
    const bytesTotal = announced.reduce((sum, { bytes }) => sum + bytes, 0);
    if (bytesTotal > importBytesMax)
      throw new CourierError(
        'ERR_PAYLOAD_TOO_LARGE',
        `An import takes ${importBytesMax / 1024 ** 3} GB at most; import fewer files at a time, or use the command line.`,
      );
    if (this.#isClosed) throw new CourierError('ERR_STATE_CONFLICT', 'The service is ending; import when it runs again.');
    if (this.#isPreparing || this.#running !== null)
      throw new CourierError('ERR_STATE_CONFLICT', 'Another import is running; wait for its end, or cancel it.');
    const { dataDir, freeBytes, log } = this.#tools;
    this.#isPreparing = true;
    try {
      await prepareImports(dataDir, bytesTotal, freeBytes);
      const id = randomUUID();
      this.#latest = this.#start(id, new ReceivedFiles(dataDir, id, announced));
      log.info({ files: announced.length, bytes: bytesTotal }, 'An import has begun.');
      return { importId: id };
    } finally {
      this.#isPreparing = false;
    }
  }

  async add({ importId, ...piece }: Params<'sendImportPiece'>): Promise<{ bytesReceived: number }> {
    const { actor, files } = this.#receiving(importId);
    try {
      await files.add(piece);
    } catch (error) {
      if (error instanceof CourierError && error.code === 'ERR_STORE_WRITE_FAILED') actor.send({ type: 'piece.lost', error });
      throw error;
    }
    // It may have been cancelled meanwhile.
    if (actor.getSnapshot().status === 'active') actor.send({ type: 'piece.received' });
    return { bytesReceived: files.bytesReceived };
  }

  /** @returns what came of it, when it is read. @throws CourierError when it was cancelled, or a session cannot be kept. */
  async end({ importId }: Params<'endImport'>): Promise<ImportResult> {
    const { actor, files, ended } = this.#receiving(importId);
    if (!files.isWhole)
      throw new CourierError(
        'ERR_STATE_CONFLICT',
        `Only ${files.bytesReceived} of ${files.bytesTotal} bytes were sent; send the rest, or cancel the import.`,
      );
    actor.send({ type: 'files.completed' });
    const outcome = await ended;
    if (outcome.type === 'read') return outcome.result;
    if (outcome.type === 'failed') throw outcome.error;
    throw new CourierError('ERR_STATE_CONFLICT', 'The import was cancelled; what was read until then stays.');
  }

  /** Answers when its files are removed. */
  async cancel({ importId }: Params<'cancelImport'>): Promise<{ cancelled: boolean }> {
    const { actor, ended } = this.#known(importId);
    actor.send({ type: 'import.cancelled' });
    return { cancelled: (await ended).type === 'cancelled' };
  }

  standing(): ImportStanding | undefined {
    if (this.#latest === null) return undefined;
    const { id, files, bytesRead, outcome, actor } = this.#latest;
    const { bytesTotal, bytesReceived } = files;
    const figures = { importId: id, bytesTotal, bytesReceived, bytesRead };
    if (outcome === null) return { ...figures, state: actor.getSnapshot().matches('receiving') ? 'receiving' : 'reading' };
    if (outcome.type === 'read') return { ...figures, state: 'ended', result: outcome.result };
    return { ...figures, state: outcome.type === 'failed' ? 'failed' : 'dropped' };
  }

  /** Ends one that runs, and removes its files. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const running = this.#running;
    running?.actor.send({ type: 'import.cancelled' });
    await running?.ended;
  }

  get #running(): Import | null {
    return this.#latest?.outcome === null ? this.#latest : null;
  }

  #start(id: string, files: ReceivedFiles): Import {
    const { clock, log } = this.#tools;
    const logic = importMachine.provide({
      actors: {
        readFiles: fromPromise<ImportResult, void>(({ signal }) => {
          const reading = this.#read(run, signal);
          run.reading = reading.catch(() => {});
          return reading;
        }),
        removeFiles: fromPromise<void, void>(async () => {
          await run.reading;
          await files.remove();
        }),
      },
    });
    const actor = createActor(logic, clock === undefined ? {} : { clock });
    const ended = toPromise(actor).then(() => {
      run.outcome = actor.getSnapshot().context.outcome as ImportOutcome;
      this.#tell(run.outcome, log);
      return run.outcome;
    });
    const run: Import = { id, actor, files, bytesRead: 0, reading: Promise.resolve(), ended, outcome: null };
    actor.start();
    return run;
  }

  async #read(run: Import, signal: AbortSignal): Promise<ImportResult> {
    const { settings, add, nextCounter, onAdded } = this.#tools;
    await run.files.complete();
    let added = 0;
    try {
      const result = await readImport(
        { paths: run.files.paths, settings: settings() },
        {
          add: async (session) => {
            const kept = await add(session);
            if (kept.added) added += 1;
            return kept;
          },
          nextCounter,
          onProgress: (bytesRead) => {
            run.bytesRead = bytesRead;
          },
          signal,
        },
      );
      // What is no capture is not read to its end.
      run.bytesRead = run.files.bytesTotal;
      return result;
    } finally {
      // However it ended: what was kept is to be delivered.
      if (added > 0) onAdded();
    }
  }

  #tell(outcome: ImportOutcome, log: ImportDeskTools['log']): void {
    if (outcome.type === 'read') {
      const sum = (figure: 'added' | 'alreadyThere' | 'gaps') =>
        outcome.result.files.reduce((before, file) => before + file[figure], 0);
      const unreadable = outcome.result.files.filter(({ isRead }) => !isRead).length;
      log.info({ added: sum('added'), alreadyThere: sum('alreadyThere'), gaps: sum('gaps'), unreadable }, 'An import has ended.');
    } else if (outcome.type === 'failed') log.warn({ err: outcome.error }, 'An import failed; what was read until then stays.');
    else log.info({ reason: outcome.type }, 'An import was given up; what was read until then stays.');
  }

  #known(importId: string): Import {
    const running = this.#running;
    if (running?.id === importId) return running;
    throw new CourierError('ERR_IMPORT_UNKNOWN', 'There is no such import, or it has ended; begin a new one.');
  }

  #receiving(importId: string): Import {
    const found = this.#known(importId);
    if (found.actor.getSnapshot().matches('receiving')) return found;
    throw new CourierError('ERR_STATE_CONFLICT', 'This import takes no pieces any more: its end was asked for.');
  }
}

type Answered = Extract<RequestName, `${string}Import` | 'sendImportPiece'>;

export function importHandlers(desk: () => Promise<ImportDesk>): HandlersOf<Answered> {
  return {
    beginImport: async (params) => (await desk()).begin(params),
    sendImportPiece: async (params) => (await desk()).add(params),
    endImport: async (params) => (await desk()).end(params),
    cancelImport: async (params) => (await desk()).cancel(params),
    getImport: async () => {
      const standing = (await desk()).standing();
      return standing === undefined ? {} : { import: standing };
    },
  };
}
