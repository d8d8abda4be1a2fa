/**
 * Where the desktop's log goes, since an application that was started by its icon has no terminal:
 * `<data-dir>/desktop/courier.log`, and one older file beside it.
 * May import: node.
 */
import { appendFileSync, renameSync, statSync } from 'node:fs';

const bytesMax = 5 * 1024 * 1024;

/** A stream for makeLog. A disk that takes no lines does not stop the service: the console still shows them. */
export function openLogFile(path: string, fileBytesMax = bytesMax): { write(text: string): void } {
  let bytes = sizeOf(path);
  return {
    write(text) {
      try {
        if (bytes + text.length > fileBytesMax && bytes > 0) {
          renameSync(path, `${path}.1`);
          bytes = 0;
        }
        appendFileSync(path, text, { mode: 0o600 });
        bytes += Buffer.byteLength(text);
      } catch {
        // The disk is full or gone; the service says so by its own means.
      }
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
