/**
 * The Authorization value with a keychain, without one, and beside a headless host on the same data directory.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hasKeychain, type Keychain, openSafeSecret } from '../../../src/main/safe-secret.ts';

const value = 'Bearer top-secret';

test.each([
  ['linux', 'gnome_libsecret', true, true],
  ['linux', 'kwallet6', true, true],
  ['linux', 'basic_text', true, false],
  ['linux', 'unknown', true, false],
  ['linux', 'gnome_libsecret', false, false],
  ['darwin', 'basic_text', true, true],
  ['win32', 'basic_text', false, false],
] as const)('on %s with %s (available: %s) there is a keychain: %s', (platform, backend, isAvailable, isThere) => {
  expect(hasKeychain(fakeKeychain({ backend, isAvailable }), platform)).toBe(isThere);
});

test('a value is kept encrypted, and comes back in the next run', () => {
  const dataDir = folder();
  pointTo(dataDir, 'https://lis.test/a');
  openSecret(dataDir).secret.write(value);
  expect(filesOf(dataDir)).not.toContain('top-secret');
  expect(openSecret(dataDir).secret.read()).toBe(value);
  openSecret(dataDir).secret.write('');
  expect(existsSync(join(dataDir, 'authorization.safe'))).toBe(false);
  expect(openSecret(dataDir).secret.read()).toBe('');
});

test('without a keychain nothing is written, the value lasts for the run, and the operator is told', () => {
  const dataDir = folder();
  const { secret } = openSecret(dataDir, { backend: 'basic_text' });
  expect(secret.review?.('https://lis.test')).toBe(null);
  secret.write(value);
  expect(secret.read()).toBe(value);
  expect(readdirSync(dataDir)).toEqual([]);
  expect(secret.review?.('https://lis.test')).toMatchObject({
    code: 'secret.notKept',
    message: expect.stringContaining('for this run only'),
  });
  expect(openSecret(dataDir, { backend: 'basic_text' }).secret.read()).toBe('');
  secret.write('');
  expect(secret.review?.('https://lis.test')).toBe(null);
});

test('a value of this run goes into the keychain once there is one', () => {
  const dataDir = folder();
  pointTo(dataDir, 'https://lis.test/a');
  const { secret, keychain } = openSecret(dataDir, { isAvailable: false });
  secret.write(value);
  expect(secret.review?.('https://lis.test')).toMatchObject({ code: 'secret.notKept' });
  keychain.isAvailable = true;
  mkdirSync(join(dataDir, 'authorization.safe'));
  expect(secret.review?.('https://lis.test')).toMatchObject({ code: 'secret.notKept' });
  rmSync(join(dataDir, 'authorization.safe'), { recursive: true });
  expect(secret.review?.('https://lis.test')).toBe(null);
  expect(openSecret(dataDir).secret.read()).toBe(value);
});

test('a value is not used for an endpoint that another host set meanwhile', () => {
  const dataDir = folder();
  pointTo(dataDir, 'https://lis.test/a');
  openSecret(dataDir).secret.write(value);
  pointTo(dataDir, 'https://lis.test/b?moved=within');
  expect(openSecret(dataDir).secret.read()).toBe(value);
  pointTo(dataDir, 'https://elsewhere.test/');
  expect(openSecret(dataDir).secret.read()).toBe('');
  pointTo(dataDir, 'https://lis.test/a');
  expect(openSecret(dataDir).secret.read()).toBe('');
});

test('a value that was entered before any endpoint belongs to the first one', () => {
  const dataDir = folder();
  openSecret(dataDir).secret.write(value);
  pointTo(dataDir, 'https://lis.test/a');
  expect(openSecret(dataDir).secret.read()).toBe(value);
  pointTo(dataDir, 'https://elsewhere.test/');
  expect(openSecret(dataDir).secret.read()).toBe('');
});

test('a value that a headless host left in a file moves into the keychain', () => {
  const dataDir = folder();
  writeFileSync(join(dataDir, 'authorization'), `${value}\n`);
  expect(openSecret(dataDir).secret.read()).toBe(value);
  expect(existsSync(join(dataDir, 'authorization'))).toBe(false);
  expect(openSecret(dataDir).secret.read()).toBe(value);
});

test('without a keychain the file of a headless host is used, and removed with the value', () => {
  const dataDir = folder();
  writeFileSync(join(dataDir, 'authorization'), value);
  const { secret } = openSecret(dataDir, { isAvailable: false });
  expect(secret.read()).toBe(value);
  secret.write('');
  expect(existsSync(join(dataDir, 'authorization'))).toBe(false);
});

test('a value that the keychain cannot open any more is an error that says so', () => {
  const dataDir = folder();
  for (const content of ['AAAA', Buffer.from('safe:"text"').toString('base64')]) {
    writeFileSync(join(dataDir, 'authorization.safe'), content);
    expect(() => openSecret(dataDir).secret.read()).toThrow(expect.objectContaining({ code: 'EKEYCHAIN' }));
  }
});

interface FakeKeychain extends Keychain {
  isAvailable: boolean;
}

function fakeKeychain({ backend = 'gnome_libsecret', isAvailable = true } = {}): FakeKeychain {
  const turned = (text: string) => [...text].toReversed().join('');
  return {
    isAvailable,
    isEncryptionAvailable() {
      return this.isAvailable;
    },
    getSelectedStorageBackend: () => backend,
    encryptString: (text) => Buffer.from(`safe:${turned(text)}`),
    decryptString(encrypted) {
      const text = encrypted.toString('utf8');
      if (!text.startsWith('safe:')) throw new Error('cannot decrypt');
      return turned(text.slice(5));
    },
  };
}

function openSecret(dataDir: string, given: { backend?: string; isAvailable?: boolean } = {}) {
  const keychain = fakeKeychain(given);
  return { keychain, secret: openSafeSecret({ dataDir, keychain, platform: 'linux' }) };
}

function folder(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'hl7-courier-secret-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  return dataDir;
}
const pointTo = (dataDir: string, submissionEndpoint: string) =>
  writeFileSync(join(dataDir, 'settings.json'), JSON.stringify({ submissionEndpoint }));
const filesOf = (dataDir: string) =>
  readdirSync(dataDir)
    .map((name) => readFileSync(join(dataDir, name), 'utf8'))
    .join('\n');
