/**
 * Ids of captured sessions: by chance for what is captured live, from the content for what is imported, so that
 * importing the same thing twice gives the same ids.
 * May import: src/common, node:crypto.
 */
import { hash } from 'node:crypto';
import { uuidV7 } from '../../common/uuid-v7.ts';

const restBytes = 10;

/** @param content everything that makes the session this one and no other. */
export function contentId(startTime: number, content: string): string {
  return uuidV7(startTime, hash('sha256', content, 'buffer'));
}

/** @param random 0 (inclusive) to 1. */
export function chanceId(startTime: number, random: () => number): string {
  return uuidV7(
    startTime,
    Uint8Array.from({ length: restBytes }, () => Math.floor(random() * 256)),
  );
}
