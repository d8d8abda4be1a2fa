/**
 * The simulated analyser: drops sample sessions into a folder, as another program would that writes this format
 * (docs/file-formats.md). A file appears whole or not at all.
 *   open(.<id>.<random>.tmp, 'wx', 0600) -> write -> fsync -> rename to <id>.json
 * May import: src/common, src/headless/demo, node.
 */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionFile } from '../../common/session.ts';
import { sampleSessions } from './sample-sessions.ts';
import { wholeBetween } from './seeded-random.ts';
import type { Random } from './seeded-random.ts';

export interface AnalyserOptions {
  /** `<data-dir>/sessions`; made if it is missing. */
  sessionsDir: string;
  /** Sessions a second, on average; more than 0. They come at random moments, as patients do. */
  perSecond: number;
  random: Random;
  /** Unix ms. */
  now: () => number;
  /** Told after each file is in place. */
  onDropped?: (session: SessionFile) => void;
  /** Told when a file could not be written; the analyser goes on with the next one. */
  onError: (error: unknown) => void;
}
export interface Analyser {
  /** Files dropped so far. */
  dropped(): number;
  /** Fulfilled when the file under way is in place; none follows. */
  stop(): Promise<void>;
}

/** Writes one session into the folder. */
export async function dropSession(sessionsDir: string, session: SessionFile, random: Random): Promise<void> {
  const temporary = join(sessionsDir, `.${session.id}.${wholeBetween(random, 0, 2 ** 31).toString(36)}.tmp`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(JSON.stringify(session));
    await file.sync();
    await file.close();
    await rename(temporary, join(sessionsDir, `${session.id}.json`));
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Milliseconds to the next patient: exponentially distributed, at most five times the average. */
const pauseMs = (random: Random, perSecond: number): number => (Math.min(-Math.log(1 - random()), 5) * 1000) / perSecond;

/**
 * Starts it; the first session comes at once.
 * @throws RangeError when `perSecond` is not more than 0; an error of the file system when the folder cannot be made.
 */
export async function startAnalyser(options: AnalyserOptions): Promise<Analyser> {
  await mkdir(options.sessionsDir, { recursive: true, mode: 0o700 });
  return runAnalyser(options, (session) => dropSession(options.sessionsDir, session, options.random));
}

/**
 * Hands over one sample session after the other, at the pace of the options.
 * @throws RangeError when `perSecond` is not more than 0.
 */
export function runAnalyser(
  { perSecond, random, now, onDropped, onError }: Omit<AnalyserOptions, 'sessionsDir'>,
  deliver: (session: SessionFile) => Promise<void>,
): Analyser {
  if (!(perSecond > 0)) throw new RangeError(`perSecond must be more than 0, not ${perSecond}`);
  const sessions = sampleSessions({ random, now });
  const stopping = new AbortController();
  let count = 0;
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const session = sessions.next().value;
      try {
        await deliver(session);
        count += 1;
        onDropped?.(session);
      } catch (error) {
        onError(error);
      }
      await pause(pauseMs(random, perSecond), stopping.signal);
    }
  })();
  return {
    dropped: () => count,
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

/** Fulfilled after the time, or when the signal comes. */
function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(finish, durationMs);
    function finish(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    }
    signal.addEventListener('abort', finish);
  });
}
