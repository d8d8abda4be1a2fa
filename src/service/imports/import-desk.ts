/**
 * Imports that a console asks for, one at a time: the machine with its effects, and the contract's requests about it.
 *   beginImport -> sendImportPiece ... -> endImport -> thread -> store -> result
 * Nothing of a file but its size, its time and its bytes comes here, and none of its bytes go to the log.
 * May import: xstate, src/common, machines, src/service, node.
 */
import { randomUUID } from 'node:crypto';
import { type Actor, createActor, fromPromise, toPromise, waitFor } from 'xstate';
import { importBytesMax, type ImportResult, type ImportStanding, type Params, type RequestName } from '../../common/contract.ts';
import { CourierError } from '../../common/errors.ts';
import type { SessionFile } from '../../common/session.ts';
import { importMachine, type ImportOutcome } from '../../../machines/import.ts';
import type { CaptureSettings } from '../capture/session-builder.ts';
import type { HandlersOf } from '../handlers.ts';
import type { Log } from '../log.ts';
import { failureOf, reasonOf, tellEnd, type Unread } from './import-end.ts';
import { readImport } from './import-reader.ts';
import { prepareImports, ReceivedFiles, sweepImports, wasLeftBehind } from './received-files.ts';

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

/** What belongs to one import beside its state, which is the machine's. */
interface Import {
  id: string;
  files: ReceivedFiles;
  bytesRead: number;
  /** Settled when nothing holds a file of it open, or makes its folder. */
  work: Promise<unknown>;
  /** Told when its files are gone again. */
  ended: PromiseWithResolvers<ImportOutcome>;
  outcome: ImportOutcome | null;
}

export class ImportDesk {
  readonly #tools: ImportDeskTools;
  readonly #actor: Actor<typeof importMachine>;
  /** The one that the machine is at, or was at last. */
  #current: Import | null = null;
  /** The latest that could begin: one without room is none. */
  #latest: Import | null = null;

  /** Removes what an import left behind that a crash or a power cut ended. */
  static async open(tools: ImportDeskTools): Promise<ImportDesk> {
    const { dataDir, log } = tools;
    try {
      if (await wasLeftBehind(dataDir))
        log.warn(
          {},
          'The service had ended in the middle of an import; its files are removed. Import them again: what was kept of them is not added twice.',
        );
      await sweepImports(dataDir);
    } catch (error) {
      log.warn({ err: error }, 'Files of an earlier import could not be removed; it is tried again at the next one.');
    }
    return new ImportDesk(tools);
  }

  private constructor(tools: ImportDeskTools) {
    const { dataDir, freeBytes, clock, log } = tools;
    this.#tools = tools;
    const logic = importMachine.provide({
      actors: {
        prepareFolder: fromPromise<void, void>(() =>
          this.#working(({ files }) => prepareImports(dataDir, files.bytesTotal, freeBytes)),
        ),
        readFiles: fromPromise<ImportResult, void>(({ signal }) => this.#working((run) => this.#read(run, signal))),
        removeFiles: fromPromise<void, void>(async () => {
          await this.#current?.work;
          await this.#current?.files.remove();
        }),
      },
    });
    this.#actor = createActor(logic, clock === undefined ? {} : { clock });
    this.#actor.on('import.ended', ({ outcome }) => {
      const run = this.#current as Import;
      run.outcome = outcome;
      if (run === this.#latest) tellEnd(outcome, log);
      run.ended.resolve(outcome);
    });
    this.#actor.start();
  }

  /** @throws CourierError `ERR_STATE_CONFLICT` while one runs, `ERR_PAYLOAD_TOO_LARGE`, `ERR_STORE_WRITE_FAILED`. */
  async begin({ files: announced }: Params<'beginImport'>): Promise<{ importId: string }> {
    const bytesTotal = announced.reduce((sum, { bytes }) => sum + bytes, 0);
    if (bytesTotal > importBytesMax)
      throw new CourierError(
        'ERR_PAYLOAD_TOO_LARGE',
        `An import takes ${importBytesMax / 1024 ** 3} GB at most; import fewer files at a time, or use the command line.`,
      );
    const announcement = { type: 'import.announced' } as const;
    if (!this.#actor.getSnapshot().can(announcement)) throw this.#refusal();
    const id = randomUUID();
    const run: Import = {
      id,
      files: new ReceivedFiles(this.#tools.dataDir, id, announced),
      bytesRead: 0,
      work: Promise.resolve(),
      ended: Promise.withResolvers(),
      outcome: null,
    };
    this.#current = run;
    this.#actor.send(announcement);
    const prepared = await waitFor(this.#actor, (snapshot) => !snapshot.matches('preparing'));
    // There is no room, or the service ends: nothing can have been read.
    if (!prepared.matches('receiving')) throw failureOf((await run.ended.promise) as Unread);
    this.#latest = run;
    this.#tools.log.info({ files: announced.length, bytes: bytesTotal }, 'An import has begun.');
    return { importId: id };
  }

  async add({ importId, ...piece }: Params<'sendImportPiece'>): Promise<{ bytesReceived: number }> {
    const { files } = this.#receiving(importId);
    try {
      await files.add(piece);
    } catch (error) {
      if (error instanceof CourierError && error.code === 'ERR_STORE_WRITE_FAILED')
        this.#actor.send({ type: 'piece.lost', error });
      throw error;
    }
    this.#actor.send({ type: 'piece.received' });
    return { bytesReceived: files.bytesReceived };
  }

  /** @returns what came of it, when it is read. @throws CourierError when it was cancelled, or a session cannot be kept. */
  async end({ importId }: Params<'endImport'>): Promise<ImportResult> {
    const { files, ended } = this.#receiving(importId);
    if (!files.isWhole)
      throw new CourierError(
        'ERR_STATE_CONFLICT',
        `Only ${files.bytesReceived} of ${files.bytesTotal} bytes were sent; send the rest, or cancel the import.`,
      );
    this.#actor.send({ type: 'files.completed' });
    const outcome = await ended.promise;
    if (outcome.type === 'read') return outcome.result;
    throw failureOf(outcome);
  }

  /** Answers when its files are removed. */
  async cancel({ importId }: Params<'cancelImport'>): Promise<{ cancelled: boolean }> {
    const { ended } = this.#known(importId);
    this.#actor.send({ type: 'import.cancelled' });
    return { cancelled: (await ended.promise).type === 'cancelled' };
  }

  standing(): ImportStanding | undefined {
    if (this.#latest === null) return undefined;
    const { id, files, bytesRead, outcome } = this.#latest;
    const { bytesTotal, bytesReceived } = files;
    const figures = { importId: id, bytesTotal, bytesReceived, bytesRead };
    if (outcome === null) return { ...figures, state: this.#actor.getSnapshot().matches('receiving') ? 'receiving' : 'reading' };
    if (outcome.type === 'read') return { ...figures, state: 'ended', result: outcome.result };
    return { ...figures, state: outcome.type === 'failed' ? 'failed' : 'dropped', reason: reasonOf(outcome) };
  }

  /** Ends one that runs, removes its files, and begins no other. */
  async close(): Promise<void> {
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send({ type: 'stop.requested' });
    await toPromise(this.#actor);
  }

  /** Work on the import that the machine is at; its files are not removed before it is over. */
  #working<Output>(work: (run: Import) => Promise<Output>): Promise<Output> {
    const run = this.#current as Import;
    const working = work(run);
    run.work = working.catch(() => {});
    return working;
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

  /** Why none may begin now. */
  #refusal(): CourierError {
    const state = this.#actor.getSnapshot();
    if (state.matches('closing') || state.matches('closed'))
      return new CourierError('ERR_STATE_CONFLICT', 'The service is ending; import when it runs again.');
    if (state.matches('receiving'))
      return new CourierError(
        'ERR_STATE_CONFLICT',
        'Another import is running: it is being sent, or was broken off when its page was closed or reloaded; wait for its end, or cancel it.',
      );
    return new CourierError('ERR_STATE_CONFLICT', 'Another import is running; wait for its end, or cancel it.');
  }

  #known(importId: string): Import {
    const run = this.#latest;
    if (run !== null && run.id === importId && run.outcome === null) return run;
    throw new CourierError('ERR_IMPORT_UNKNOWN', 'There is no such import, or it has ended; begin a new one.');
  }

  #receiving(importId: string): Import {
    const found = this.#known(importId);
    if (this.#actor.getSnapshot().matches('receiving')) return found;
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
