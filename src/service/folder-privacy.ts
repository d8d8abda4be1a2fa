/**
 * Keeps the folders with patient data to this user (design section 4: mode 0700). One that was there before, or was opened
 * since, is made private again, and the log says so.
 *   private -> (opened to others) -> made private again;  others may write to it, or it cannot be made private -> told
 * Where others may write, another program may drop its sessions: taking that away would lose results, so a person decides.
 * May import: node, src/service.
 */
import { chmodSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Log } from './log.ts';
import type { Problems } from './problems.ts';
import { foldersOf } from './store/folders.ts';

export const weaklyKeptCode = 'store.weaklyKept';
const othersAccess = 0o077;
const othersWrite = 0o022;
/** Who may not enter a folder reaches nothing in it. */
const othersEnter = 0o011;

export interface FolderPrivacyTools {
  dataDir: string;
  problems: Pick<Problems, 'open' | 'end'>;
  log: Pick<Log, 'warn'>;
  /** Stand-ins of a test. Windows has no such modes: a folder has the rights of the one it is in. */
  platform?: NodeJS.Platform;
  /** @throws the system's error. */
  modeOf?: (path: string) => number;
  setMode?: (path: string, mode: number) => void;
}

export class FolderPrivacy {
  readonly #tools: FolderPrivacyTools;

  constructor(tools: FolderPrivacyTools) {
    this.#tools = tools;
  }

  /** Looks how the folders are kept, and betters it where that is safe. Never throws. */
  look(): void {
    const { dataDir, problems, platform = process.platform } = this.#tools;
    if (platform === 'win32') return;
    const isReachable = (this.#modeOf(dataDir) & othersEnter) !== 0;
    const open = Object.values(foldersOf(dataDir)).filter((folder) => !this.#isKept(folder, isReachable));
    if (open.length === 0) problems.end(weaklyKeptCode);
    else problems.open(weaklyKeptCode, complaint(open.map((folder) => `${basename(folder)}/`)));
  }

  /** Whether others have no access, now or any more; one that nobody else reaches is none of their business either. */
  #isKept(folder: string, isReachable: boolean): boolean {
    const mode = this.#modeOf(folder);
    if ((mode & othersAccess) === 0) return true;
    if (isReachable && (mode & othersWrite) !== 0) return false;
    try {
      (this.#tools.setMode ?? chmodSync)(folder, mode & 0o7777 & ~othersAccess);
    } catch {
      // Somebody else's folder, or a file system that keeps no modes: what is left of it is seen below.
    }
    if ((this.#modeOf(folder) & othersAccess) !== 0) return !isReachable;
    this.#tools.log.warn({}, `Other users of this computer could read the folder ${basename(folder)}/; they cannot any more.`);
    return true;
  }

  /** 0 where it cannot be told: whoever needs the folder says so. */
  #modeOf(path: string): number {
    try {
      return (this.#tools.modeOf ?? ((asked) => statSync(asked).mode))(path);
    } catch {
      return 0;
    }
  }
}

function complaint(names: readonly string[]): string {
  const [what, they] = names.length === 1 ? ['folder', 'it'] : ['folders', 'them'];
  return `Other users of this computer have access to the ${what} ${names.join(', ')} of the data directory, and HL7 Courier did not take it away: they may write there, or the disk keeps no such rights. Take their access away (chmod 700), or to the data directory; a program that drops sessions should run as the user of HL7 Courier. Who reads ${they} reads patient data.`;
}
