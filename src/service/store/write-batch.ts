/**
 * Work that ends in a folder sync shares it: all that is queued is done first, then each folder is synced once, then all
 * are answered (design section 4). A failing sync fails all that wrote to that folder.
 *   enqueue, enqueue, ... -> work, work, ... -> fsync of the folders -> answers
 * May import: node.
 */
import type { StoreFileSystem } from './file-system.ts';

/** What a piece of work says about itself while it is done. */
export class WriteScope {
  /** Folders whose names it changed, in the order in which they are to be made durable. */
  readonly folders = new Set<string>();
  /** What to take back in memory when it turns out not to be durable, the last first. */
  readonly undo: (() => void)[] = [];

  takeBack(): void {
    for (const undo of this.undo.splice(0).toReversed()) undo();
  }
}

interface Job {
  work: (scope: WriteScope) => unknown;
  /** The error to answer with when it was done but is not durable. */
  failure: (cause: unknown) => unknown;
  scope: WriteScope;
  resolve: (result: never) => void;
  reject: (error: unknown) => void;
}

const asItIs = (cause: unknown) => cause;

export class WriteBatch {
  readonly #fileSystem: StoreFileSystem;
  readonly #schedule: (flush: () => void) => void;
  #jobs: Job[] = [];

  /** @param schedule calls `flush` soon, when what arrives together has been queued. */
  constructor(fileSystem: StoreFileSystem, schedule: (flush: () => void) => void = setImmediate) {
    this.#fileSystem = fileSystem;
    this.#schedule = schedule;
  }

  /**
   * @param work done at once and in order; what it throws is its answer.
   * @param failure the answer when it was done but is not durable; work that writes nothing needs none.
   */
  enqueue<Result>(work: (scope: WriteScope) => Result, failure: Job['failure'] = asItIs): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ work, failure, scope: new WriteScope(), resolve, reject });
      if (this.#jobs.length === 1) this.#schedule(() => this.#flush());
    });
  }

  #flush(): void {
    const jobs = this.#jobs;
    this.#jobs = [];
    const done: { job: Job; result: unknown }[] = [];
    for (const job of jobs) {
      try {
        done.push({ job, result: job.work(job.scope) });
      } catch (error) {
        job.scope.takeBack();
        job.reject(error);
      }
    }
    const folders = new Set<string>();
    for (const { scope } of jobs) for (const folder of scope.folders) folders.add(folder);
    const causes = this.#syncFolders(folders);
    const causeOf = ({ scope }: Job) => [...scope.folders].map((folder) => causes.get(folder)).find(Boolean);
    // What later work built on is taken back after it.
    for (const { job } of done.toReversed()) if (causeOf(job) !== undefined) job.scope.takeBack();
    for (const { job, result } of done) {
      const cause = causeOf(job);
      if (cause === undefined) job.resolve(result as never);
      else job.reject(job.failure(cause));
    }
  }

  #syncFolders(folders: Set<string>): Map<string, unknown> {
    const causes = new Map<string, unknown>();
    for (const folder of folders) {
      try {
        this.#fileSystem.fsyncFolder(folder);
      } catch (error) {
        causes.set(folder, error);
      }
    }
    return causes;
  }
}
