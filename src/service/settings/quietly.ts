/**
 * For writes of copies that are a convenience: the settings themselves are safe, the log says what is not.
 * May import: src/service.
 */
import type { Log } from '../log.ts';
import { errnoWords } from '../store/file-system.ts';

export function quietly(log: Pick<Log, 'warn'>, message: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    log.warn({ err: error, reason: errnoWords(error) }, message);
  }
}
