/**
 * Keeps the Authorization value with the operating system's keychain: `<data-dir>/authorization.safe` holds what
 * safeStorage encrypted, so the file is worth nothing without the user's sign-in. Where there is no keychain the value
 * lasts for this run and nothing is written; once there is one again, the value goes into it.
 *   write -> {origin, value} -> encrypt -> file;  read -> decrypt -> value, if the settings still point to that origin
 * The origin is kept with it because a headless host may have changed the endpoint meanwhile: an old value must never go
 * to a new address (design section 5).
 * May import: node, src/service/settings.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeText } from '../service/settings/durable-text.ts';
import { openSecretFile, type SecretComplaint, type SecretStore } from '../service/settings/secret-file.ts';
import { storedOrigin } from '../service/settings/stored-origin.ts';

/** The part of Electron's safeStorage that is used; its asynchronous half does not fit the settings, which write at once. */
export interface Keychain {
  isEncryptionAvailable(): boolean;
  /** Linux only. */
  getSelectedStorageBackend?(): string;
  encryptString(text: string): Buffer;
  decryptString(encrypted: Buffer): string;
}

export interface SafeSecretOptions {
  dataDir: string;
  keychain: Keychain;
  platform: NodeJS.Platform;
}

interface KeptSecret {
  /** Where the value may be sent; empty when no endpoint was set yet. */
  origin: string;
  value: string;
}

const notKept: SecretComplaint = {
  code: 'secret.notKept',
  message:
    'This computer has no keychain that HL7 Courier can use, so the Authorization value is kept for this run only. Set up a keychain (on Linux GNOME Keyring or KWallet), or enter the value again after each start.',
};
const fileName = 'authorization.safe';

/** Whether values are really encrypted. `basic_text` is a password that is in Chromium's source: as good as none. */
export function hasKeychain(keychain: Keychain, platform: NodeJS.Platform): boolean {
  if (!keychain.isEncryptionAvailable()) return false;
  if (platform !== 'linux') return true;
  const backend = keychain.getSelectedStorageBackend?.() ?? 'unknown';
  return backend !== 'basic_text' && backend !== 'unknown';
}

export function openSafeSecret({ dataDir, keychain, platform }: SafeSecretOptions): SecretStore {
  const path = join(dataDir, fileName);
  const clearFile = openSecretFile(dataDir);
  // Asked each time: a keychain may be unlocked, or set up, while we run.
  const isSafe = () => hasKeychain(keychain, platform);
  let forThisRun = '';
  const originNow = () => storedOrigin(dataDir) ?? '';

  const keep = (kept: KeptSecret) =>
    writeText(dataDir, 'authorization', '.safe', keychain.encryptString(JSON.stringify(kept)).toString('base64'));
  const remove = () => {
    rmSync(path, { force: true });
    clearFile.write('');
  };
  return {
    read() {
      if (forThisRun !== '') return forThisRun;
      // In clear by a headless host, not by us; used, so that it is removed when the endpoint moves.
      if (!isSafe()) return clearFile.read();
      const origin = originNow();
      // A headless host on the same data directory wrote later than we did, because we remove its file.
      const clear = clearFile.read();
      if (clear !== '') {
        keep({ origin, value: clear });
        clearFile.write('');
        return clear;
      }
      const kept = readKept(path, keychain);
      if (kept === null) return '';
      if (kept.origin === '' && origin !== '') keep({ origin, value: kept.value });
      else if (kept.origin !== origin) {
        rmSync(path, { force: true });
        return '';
      }
      return kept.value;
    },
    write(value, origin = originNow()) {
      if (!isSafe()) {
        remove();
        forThisRun = value;
        return;
      }
      if (value === '') remove();
      else {
        keep({ origin, value });
        clearFile.write('');
      }
      forThisRun = '';
    },
    review(origin) {
      if (forThisRun === '') return clearFile.review?.(origin) ?? null;
      if (!isSafe()) return notKept;
      try {
        keep({ origin, value: forThisRun });
        forThisRun = '';
        return null;
      } catch {
        // The disk will not have it now; it is tried again.
        return notKept;
      }
    },
  };
}

/** @throws an error with the code EKEYCHAIN when the keychain cannot open it any more. */
function readKept(path: string, keychain: Keychain): KeptSecret | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    const kept = JSON.parse(keychain.decryptString(Buffer.from(text, 'base64'))) as KeptSecret;
    if (typeof kept.value === 'string' && typeof kept.origin === 'string') return kept;
  } catch {
    // Another user, another computer, a keychain that was made anew.
  }
  throw Object.assign(new Error('the keychain cannot open it'), { code: 'EKEYCHAIN' });
}
