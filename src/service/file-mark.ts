/**
 * Tells one state of a file from another without reading it.
 * May import: node.
 */
import { statSync } from 'node:fs';

/** Differs when the file was written, replaced, or given other rights; empty when there is none, or none that we may see. */
export function fileMark(path: string): string {
  try {
    // Followed through links: a renewed certificate is often a link that points elsewhere now.
    const { ino, size, mtimeMs, ctimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch {
    return '';
  }
}
