/**
 * What the sessions folder holds, without its contents: one digest a session, and a scan that reads only files whose
 * `ino`, `size` or `ctime` changed (design section 4).
 * May import: node, src/common.
 */
import { join, sep } from 'node:path';
import type { SessionSummary } from '../../common/contract.ts';
import type { SessionFile } from '../../common/session.ts';
import {
  errnoOf,
  errnoWords,
  type FileFacts,
  type FileState,
  isSameState,
  readWhole,
  type StoreFileSystem,
} from './file-system.ts';
import { idOfName, isSessionId, isSessionName } from './folders.ts';
import { RunningCounts } from './running-counts.ts';
import { digestOf, type SessionDigest, type Share, summaryOf } from './session-digest.ts';
import { parseSession, sessionBytesMax, sessionExtension } from './session-file.ts';
import type { StoreReport } from './store-error.ts';

/**
 * A file that changed so shortly before it was read may change again without a new ctime (its clock ticks every few ms),
 * so the next scan reads it once more. A ctime in the far future is a clock that jumped, not a change of this moment.
 */
const ctimeTickMs = 50;
const clockJumpMs = 60_000;
/** Files looked at before others have their turn. */
export const filesPerTurn = 200;
/** No more differences than this are told one by one. */
const differencesMax = 5000;

/** A file that cannot be read as a session. */
export interface DamagedFile {
  name: string;
  /** One sentence without patient data. */
  reason: string;
  facts: FileFacts;
}

/** What a scan found: what is no session, and what is different from the scan before (nothing, for the first one). */
export interface ScanResult {
  damaged: DamagedFile[];
  reports: StoreReport[];
  added: SessionSummary[];
  changed: SessionSummary[];
  removed: string[];
  /** Session files whose content was read. */
  filesRead: number;
}

/** What one look at a file came to; `unreadable` is the disk's fault, and the file is looked at again. */
export type Look =
  | { type: 'session'; session: SessionFile; digest: SessionDigest }
  | { type: 'damaged'; reason: string; facts: FileFacts }
  | { type: 'missing' }
  | { type: 'notAFile' }
  | { type: 'unreadable'; error: unknown };

export interface IndexTools {
  fileSystem: StoreFileSystem;
  /** Path of the sessions folder. */
  folder: string;
  /** Lets other calls have their turn. */
  breathe: () => Promise<void>;
}

export class SessionIndex {
  readonly digests = new Map<string, SessionDigest>();
  readonly counts = new RunningCounts(this.digests);
  readonly #tools: IndexTools;
  /** Read within a tick of their last change. */
  readonly #unsettled = new Set<string>();
  /** What was already said about a file, so that it is said once. */
  readonly #said = new Map<string, string>();
  readonly #shared = new Map<string, string>();
  /** Put in by `apply` while a scan runs: its list of names is older than they are. */
  #touched: Set<string> | null = null;
  #isScanned = false;
  #hasFolder = false;

  constructor(tools: IndexTools) {
    this.#tools = tools;
  }

  /** How many files the disk did not let us read the last time. */
  get unreadable(): number {
    return [...this.#said.values()].filter((what) => what !== 'notAFile').length;
  }

  /** Takes over what the recorder wrote, so that the next scan need not read it. */
  apply({ digests, removed }: { digests: readonly SessionDigest[]; removed: readonly string[] }): void {
    for (const digest of digests) {
      const hasText = this.#takeText(digest);
      this.#put(this.#sharing(digest));
      if (!hasText) this.#unsettled.add(digest.id);
      this.#touched?.add(digest.id);
    }
    for (const id of removed) this.#remove(id);
  }

  /**
   * Looks at every file of the folder; other calls have their turn in between.
   * @returns the files that are no sessions, and what the log should say.
   * @throws the system's error when the folder cannot be listed.
   */
  async scan(now: number): Promise<ScanResult> {
    const { breathe } = this.#tools;
    const touched = (this.#touched = new Set<string>());
    const result: ScanResult = { damaged: [], reports: [], added: [], changed: [], removed: [], filesRead: 0 };
    const isFirst = !this.#isScanned;
    try {
      const names = this.#names();
      for (const [at, name] of names.entries()) {
        if (at % filesPerTurn === 0) await breathe();
        if (!isSessionName(name)) continue;
        const id = idOfName(name);
        const isKnown = this.digests.has(id);
        const look = this.#lookIfChanged(id, now);
        if (look === null) continue;
        if (isKnown && !this.digests.has(id)) result.removed.push(id);
        if (look.type === 'damaged') result.damaged.push({ name, reason: look.reason, facts: look.facts });
        result.reports.push(...this.#reportOf(name, look));
        if (look.type !== 'session') continue;
        result.filesRead += 1;
        const differences = isKnown ? result.changed : result.added;
        if (!isFirst && differences.length < differencesMax) differences.push(summaryOf(look.digest));
      }
      const gone = this.#goneSince(names, touched);
      for (const id of gone) this.#remove(id);
      result.removed.push(...gone);
      this.#isScanned = true;
      return result;
    } finally {
      this.#touched = null;
    }
  }

  /** A store that only reads may find no folder yet; one that was there and is gone is a fault, not an empty store. */
  #names(): string[] {
    const { fileSystem, folder } = this.#tools;
    try {
      const names = fileSystem.list(folder);
      this.#hasFolder = true;
      return names;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' && !this.#hasFolder) return [];
      throw error;
    }
  }

  /** Reads a session as it is on disk now, and keeps its digest. */
  look(id: string, now: number): Look {
    const look = this.#read(id, now);
    if (look.type === 'session') {
      this.#put(look.digest);
      this.#settle(look.digest, now);
    } else if (look.type !== 'unreadable') this.#remove(id);
    return look;
  }

  /** Sessions of the index that the list of names does not have (any more). */
  #goneSince(names: readonly string[], touched: ReadonlySet<string>): string[] {
    const present = new Set(names);
    for (const name of this.#said.keys()) if (!present.has(name)) this.#said.delete(name);
    return [...this.digests.keys()].filter((id) => !present.has(nameOf(id)) && !touched.has(id));
  }

  /** Null when the file is as the index knows it. */
  #lookIfChanged(id: string, now: number): Look | null {
    const { fileSystem, folder } = this.#tools;
    let facts: FileFacts | null;
    try {
      facts = fileSystem.lstat(folder + sep + nameOf(id));
    } catch (error) {
      return { type: 'unreadable', error };
    }
    const known = this.digests.get(id);
    if (known !== undefined && facts?.kind === 'file' && isUnchanged(known, facts) && !this.#unsettled.has(id)) return null;
    if (facts === null || facts.kind !== 'file') {
      this.#remove(id);
      return { type: facts === null ? 'missing' : 'notAFile' };
    }
    if (!isSessionId(id))
      return { type: 'damaged', facts, reason: 'The name of the file is not a session id followed by ".json".' };
    return this.look(id, now);
  }

  #read(id: string, now: number): Look {
    const { fileSystem, folder } = this.#tools;
    try {
      const result = readWhole(fileSystem, join(folder, nameOf(id)), sessionBytesMax);
      if (result.type === 'tooLarge') {
        const reason = `The file is larger than ${sessionBytesMax / 1024 / 1024} MB, which no session is.`;
        return { type: 'damaged', facts: result.facts, reason };
      }
      if (result.type !== 'read') return result;
      // The same bytes as when it was checked and digested: what they hold is all that is wanted of them.
      const known = this.#knownAs(id, result.facts, now);
      const parsed = parseSession(result.bytes, id, { wasChecked: known !== null });
      if (parsed.type === 'damaged') return { type: 'damaged', facts: result.facts, reason: parsed.reason };
      return { ...parsed, digest: known ?? digestOf(parsed.session, result.facts, this.#share) };
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return { type: 'unreadable', error };
    }
  }

  /** Each thing is said once a file, until the file is well again. */
  #reportOf(name: string, look: Look): StoreReport[] {
    const said = (what: string): boolean => {
      if (this.#said.get(name) === what) return true;
      this.#said.set(name, what);
      return false;
    };
    const shown = JSON.stringify(name);
    switch (look.type) {
      case 'notAFile':
        return said('notAFile')
          ? []
          : [
              {
                level: 'warn',
                message: `${shown} in the sessions folder is skipped: it is a link, folder, pipe or device, not a file`,
              },
            ];
      case 'unreadable': {
        const words = errnoWords(look.error);
        return said(words)
          ? []
          : [
              {
                level: 'error',
                message: `${shown} in the sessions folder could not be read (${words}); it is tried again in every cycle`,
              },
            ];
      }
      default:
        this.#said.delete(name);
        return [];
    }
  }

  #put(digest: SessionDigest): void {
    const before = this.digests.get(digest.id);
    this.digests.set(digest.id, digest);
    this.counts.replaced(before, digest);
    this.#unsettled.delete(digest.id);
  }

  /**
   * What a search looks in is taken over from the file that the session was read from before it was changed.
   * @returns false when that file is not the one that the index knows: then the next scan reads the session.
   */
  #takeText(digest: SessionDigest): boolean {
    const { id, textOf } = digest;
    if (textOf === null) return true;
    digest.textOf = null;
    const known = this.digests.get(id);
    if (known === undefined) return false;
    digest.ownText = known.ownText;
    digest.sharedText = known.sharedText;
    const { ino, bytes: size, ctimeMs } = digest;
    return (isUnchanged(known, textOf) || isUnchanged(known, { ino, size, ctimeMs })) && !this.#unsettled.has(id);
  }

  #remove(id: string): void {
    const before = this.digests.get(id);
    this.digests.delete(id);
    this.counts.replaced(before, undefined);
    this.#unsettled.delete(id);
  }

  #settle({ id, ctimeMs }: SessionDigest, now: number): void {
    if (isFresh(ctimeMs, now)) this.#unsettled.add(id);
  }

  /** What the index knows of a file in this state; null when it knows another state, or cannot tell them apart. */
  #knownAs(id: string, facts: FileFacts, now: number): SessionDigest | null {
    const known = this.digests.get(id);
    if (known === undefined || !isUnchanged(known, facts) || this.#unsettled.has(id)) return null;
    return isFresh(facts.ctimeMs, now) ? null : known;
  }

  /** One string for all that are equal: devices and errors repeat a thousand times. */
  readonly #share: Share = (text) => {
    const known = this.#shared.get(text);
    if (known !== undefined) return known;
    // Texts that never repeat must not pile up.
    if (this.#shared.size >= 10_000) this.#shared.clear();
    // A part of a message would keep the whole message in memory: copied, it stands alone.
    const copy = structuredClone(text);
    this.#shared.set(copy, copy);
    return copy;
  };

  #sharing(digest: SessionDigest): SessionDigest {
    const { deviceIP, lisIP, device, messageType, sharedText, submissionError } = digest;
    const share = this.#share;
    return Object.assign(digest, {
      deviceIP: share(deviceIP),
      lisIP: share(lisIP),
      device: share(device),
      messageType: share(messageType),
      sharedText: share(sharedText),
      submissionError: share(submissionError),
    });
  }
}

const nameOf = (id: string) => id + sessionExtension;

const isFresh = (ctimeMs: number, now: number) => ctimeMs > now - ctimeTickMs && ctimeMs < now + clockJumpMs;

const isUnchanged = (known: SessionDigest, state: FileState) =>
  isSameState(state, { ino: known.ino, size: known.bytes, ctimeMs: known.ctimeMs });
