/**
 * How much room there is on the disk that a folder lies on.
 * May import: node.
 */
import { statfs } from 'node:fs/promises';

export interface DiskSpace {
  /** What this account may still write. */
  freeBytes: number;
  totalBytes: number;
}

/** @throws the system's error; a network disk may not say. */
export async function spaceOf(folder: string): Promise<DiskSpace> {
  const { bsize, bavail, blocks } = await statfs(folder);
  return { freeBytes: bsize * bavail, totalBytes: bsize * blocks };
}
