/**
 * Work that ends on disk waits for the disk together (design section 4). What is queued is done in waves, each in order of
 * arrival and in steps that all take together; what arrives meanwhile is for the next wave:
 *   enqueue, enqueue, ... -> prepare, prepare, ... (read, stage) -> what was staged: write, fsync, rename, several at once
 *     -> turn, turn, ... -> fsync of each folder -> answers -> next wave
 * An error is the answer of its own work alone, but for a failing folder sync, which fails all that wrote to that folder.
 * May import: node.
 */
import type { StagedFile } from './durable-write.ts';
import type { StoreFileSystem } from './file-system.ts';

/** So many works, and about so many bytes of staged files, are in one wave at most: who waits with others waits for them. */
const worksPerWaveMax = 64;
const bytesPerWaveMax = 32 * 1024 * 1024;
/** Files under way at once: no more than the process's thread pool has threads, so that its other users have their turn. */
const filesUnderWayMax = 4;

/** What a piece of work says about itself while it is done. */
export class WriteScope {
  readonly #syncFolder: (folder: string) => void;
  /** Folders whose names it changed, in the order in which they are to be made durable. */
  readonly folders = new Set<string>();
  /** The same object for all work of a wave. */
  readonly wave: object;
  /** What it wrote aside, to be synced before its turn. */
  readonly staged: StagedFile[] = [];
  /** Those of them that it puts in place itself, at its turn; the others are in place by then. */
  readonly ordered = new Set<StagedFile>();
  /** What to take back in memory when it turns out not to be durable, the last first. */
  readonly undo: (() => void)[] = [];

  constructor(wave: object, syncFolder: (folder: string) => void) {
    this.wave = wave;
    this.#syncFolder = syncFolder;
  }

  /** Syncs a folder at once: before those of the wave, in whatever order they come. */
  syncFirst(folder: string): void {
    this.#syncFolder(folder);
  }

  takeBack(): void {
    for (const undo of this.undo.splice(0).toReversed()) undo();
  }
}

/** Work that stages a file, so that others wait for the disk together with it. */
export interface StagedWork<Result> {
  /** The session whose file it reads and may replace: as the work before left it, so it is in one work of a wave. */
  id: string;
  /** Others whose files it may replace at its turn: later work of the wave must not have read them. */
  others?: () => Iterable<string>;
  /** Reads, decides and stages. @returns what is to be done at its turn, when what it staged is synced and in place. */
  prepare(scope: WriteScope): () => Result;
}

interface Job extends Omit<StagedWork<unknown>, 'id'> {
  id: string | null;
  /** What is not staged does all at its turn; `alone`: nothing else is in its wave. */
  manner: 'staged' | 'atItsTurn' | 'alone';
  /** The error to answer with when it was done but is not durable. */
  failure: (cause: unknown) => unknown;
  resolve: (result: never) => void;
  reject: (error: unknown) => void;
}

/** A job of the wave, and what its last step answered. */
interface Step<Value> {
  job: Job;
  scope: WriteScope;
  value: Value;
}

const asItIs = (cause: unknown) => cause;

export class WriteBatch {
  readonly #fileSystem: StoreFileSystem;
  readonly #schedule: (flush: () => void) => void;
  /** Folders whose latest sync failed: what was moved there may have been told of, so it is not left to chance. */
  readonly #unsynced = new Set<string>();
  #jobs: Job[] = [];
  #isUnderWay = false;

  /** @param schedule calls `flush` soon, when what arrives together has been queued. */
  constructor(fileSystem: StoreFileSystem, schedule: (flush: () => void) => void = setImmediate) {
    this.#fileSystem = fileSystem;
    this.#schedule = schedule;
  }

  /**
   * @param work done at its turn and at once; what it throws is its answer.
   * @param failure the answer when it was done but is not durable; work that writes nothing needs none.
   */
  enqueue<Result>(work: (scope: WriteScope) => Result, failure?: Job['failure']): Promise<Result> {
    return this.#add('atItsTurn', { id: null, prepare: (scope) => () => work(scope) }, failure);
  }

  /** Work whose syncs are shared. @param failure the answer when a sync fails. */
  enqueueStaged<Result>(work: StagedWork<Result>, failure: Job['failure']): Promise<Result> {
    return this.#add('staged', work, failure);
  }

  /** Work that must find all before it durable or taken back, and that all after it must find done; it writes nothing. */
  enqueueAlone<Result>(work: () => Result): Promise<Result> {
    return this.#add('alone', { id: null, prepare: () => work });
  }

  #add<Result>(
    manner: Job['manner'],
    work: Pick<Job, 'id' | 'others'> & { prepare(scope: WriteScope): () => Result },
    failure: Job['failure'] = asItIs,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ ...work, manner, failure, resolve, reject });
      if (!this.#isUnderWay) this.#begin();
    });
  }

  /** Scheduled even when work waits already: the answers of the wave before go out first. */
  #begin(): void {
    this.#isUnderWay = true;
    this.#schedule(() => void this.#runWave());
  }

  async #runWave(): Promise<void> {
    const wave: Step<undefined>[] = [];
    const prepared: Step<() => unknown>[] = [];
    let bytes = 0;
    for (const step of this.#nextSteps()) {
      wave.push(step);
      prepared.push(...advance([step], ({ job, scope }) => job.prepare(scope)));
      for (const { byteLength } of step.scope.staged) bytes += byteLength;
      if (bytes >= bytesPerWaveMax) break;
    }
    this.#jobs.splice(0, wave.length);
    const causes = await this.#putInPlace(prepared.map(({ scope }) => scope));
    const placed = advance(prepared, ({ job, scope, value: turn }) => {
      for (const file of scope.staged) if (causes.has(file)) throw job.failure(causes.get(file));
      return turn;
    });
    const done = advance(placed, ({ value: turn }) => turn());
    this.#settle(wave, done);
    this.#isUnderWay = false;
    if (this.#jobs.length > 0) this.#begin();
  }

  #nextSteps(): Step<undefined>[] {
    const wave = {};
    const jobs = this.#jobs.slice(0, waveLength(this.#jobs));
    const syncFolder = (folder: string) => this.#syncFolder(folder);
    return jobs.map((job) => ({ job, scope: new WriteScope(wave, syncFolder), value: undefined }));
  }

  /** Writes and syncs what was staged, and renames it unless its work does that. @returns why that failed. */
  async #putInPlace(scopes: readonly WriteScope[]): Promise<Map<StagedFile, unknown>> {
    const causes = new Map<StagedFile, unknown>();
    const waiting = scopes
      .flatMap(({ staged, ordered }) => staged.map((file) => ({ file, isOrdered: ordered.has(file) })))
      .values();
    const workThrough = async () => {
      for (const { file, isOrdered } of waiting) {
        try {
          await file.writeAside();
          if (!isOrdered) await file.publishAside();
        } catch (error) {
          causes.set(file, error);
        }
      }
    };
    await Promise.all(Array.from({ length: filesUnderWayMax }, workThrough));
    return causes;
  }

  /** Makes durable what was done, and answers it. */
  #settle(wave: readonly Step<unknown>[], done: readonly Step<unknown>[]): void {
    const folders = new Set(this.#unsynced);
    for (const { scope } of wave) for (const folder of scope.folders) folders.add(folder);
    const causes = this.#syncFolders(folders);
    const causeOf = (scope: WriteScope) => [...scope.folders].map((folder) => causes.get(folder)).find(Boolean);
    // What later work built on is taken back after it.
    for (const { scope } of done.toReversed()) if (causeOf(scope) !== undefined) scope.takeBack();
    for (const { job, scope, value } of done) {
      const cause = causeOf(scope);
      if (cause === undefined) job.resolve(value as never);
      else job.reject(job.failure(cause));
    }
  }

  #syncFolders(folders: Set<string>): Map<string, unknown> {
    const causes = new Map<string, unknown>();
    for (const folder of folders) {
      try {
        this.#syncFolder(folder);
      } catch (error) {
        causes.set(folder, error);
      }
    }
    return causes;
  }

  #syncFolder(folder: string): void {
    this.#unsynced.add(folder);
    this.#fileSystem.fsyncFolder(folder);
    this.#unsynced.delete(folder);
  }
}

/** How many of the jobs, from the first on, make up the next wave: as many as none of them has to see another's file. */
function waveLength(jobs: readonly Job[]): number {
  const touched = new Set<string>();
  for (const [at, job] of jobs.entries()) {
    const before = jobs[at - 1];
    const name = job.id === null ? null : nameOf(job.id);
    const mustWait = at >= worksPerWaveMax || (name !== null && touched.has(name));
    if (before !== undefined && (mustWait || !mayFollow(before, job))) return at;
    if (name !== null) touched.add(name);
    for (const id of job.others?.() ?? []) touched.add(nameOf(id));
  }
  return jobs.length;
}

/** Staged work reads before anything else has had its turn, so it cannot follow what does all at its turn. */
function mayFollow(before: Job, job: Job): boolean {
  if (before.manner === 'alone' || job.manner === 'alone') return false;
  return before.manner === 'staged' || job.manner === 'atItsTurn';
}

/** Windows and macOS take ids that differ in case for the same file. */
const nameOf = (id: string) => id.toLowerCase();

/** Takes each a step further. Whoever throws is answered with it, and leaves nothing behind. */
function advance<From, To>(steps: readonly Step<From>[], next: (step: Step<From>) => To): Step<To>[] {
  return steps.flatMap((step) => {
    const { job, scope } = step;
    try {
      return [{ job, scope, value: next(step) }];
    } catch (error) {
      for (const file of scope.staged) file.drop();
      scope.takeBack();
      job.reject(error);
      return [];
    }
  });
}
