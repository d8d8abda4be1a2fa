/**
 * Notices what a hand, or another program, did to settings.json while we run.
 *   ours -> (edited) -> unsure, while it may be being written -> edited | unusable -> taken over, or written by us: ours
 * May import: node, src/common, src/service.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../common/settings.ts';
import { fileMark } from '../file-mark.ts';
import { writeText } from './durable-text.ts';
import { readSettingsFile, type StoredValues } from './settings-file.ts';

export type FileEdit =
  | { type: 'none' }
  /** It cannot be read, but may be half written: the next look decides. */
  | { type: 'unsure' }
  | { type: 'edited'; values: StoredValues; settings: Settings; mark: string }
  /** @param reason in words, without a secret. */
  | { type: 'unusable'; reason: string };

export interface SettingsFileWatch {
  look(): FileEdit;
  /** The file holds what is in use. @param mark the state that was read; as it is now when missing. */
  isOurs(mark?: string): void;
  /** Keeps a copy of what a hand made of the file, before it is written over. @throws the system's error. */
  copyAside(now: number): void;
}

/** Begins with the file as it is: it was read a moment ago. */
export function watchSettingsFile(dataDir: string): SettingsFileWatch {
  const path = join(dataDir, 'settings.json');
  let ours = fileMark(path);
  let unsure: string | null = null;
  return {
    look() {
      const mark = fileMark(path);
      if (mark === ours) return { type: 'none' };
      const read = readSettingsFile(path);
      if (read.type === 'good') return { type: 'edited', values: read.values, settings: read.settings, mark };
      const isWhole = read.type === 'damaged' && read.isWhole === true;
      if (!isWhole && unsure !== mark) {
        unsure = mark;
        return { type: 'unsure' };
      }
      return { type: 'unusable', reason: read.type === 'missing' ? 'it is gone' : read.reason };
    },
    isOurs(mark = fileMark(path)) {
      ours = mark;
      unsure = null;
    },
    copyAside(now) {
      if (fileMark(path) === ours || !existsSync(path)) return;
      const name = `settings.damaged-${new Date(now).toISOString().replaceAll(':', '-')}`;
      writeText(dataDir, name, '.json', readFileSync(path, 'utf8'));
    },
  };
}
