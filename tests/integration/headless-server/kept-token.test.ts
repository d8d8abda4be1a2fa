/**
 * The token that a data directory keeps over restarts of its service.
 */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keptToken } from '../../../src/headless/server/kept-token.ts';
import { notRun } from '../../support/not-run.ts';

test('the token is random, kept for the next start, and readable for its owner only', () => {
  const [folder, other] = [freshFolder(), freshFolder()];
  const token = keptToken(folder);
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(keptToken(folder)).toBe(token);
  expect(keptToken(other)).not.toBe(token);
  expect(readdirSync(folder)).toEqual(['console.key']);
  if (process.platform !== 'win32') expect(statSync(join(folder, 'console.key')).mode & 0o777).toBe(0o600);
});

test('once its file is removed, the next start has another one', () => {
  const folder = freshFolder();
  const token = keptToken(folder);
  rmSync(join(folder, 'console.key'));
  expect(keptToken(folder)).not.toBe(token);
});

test.each([
  ['empty', ''],
  ['too short to be safe', 'secret'],
  ['two lines', `${'a'.repeat(43)}\n${'b'.repeat(43)}`],
])('a file that is %s is replaced', (_, content) => {
  const folder = freshFolder();
  writeFileSync(join(folder, 'console.key'), content, { mode: 0o600 });
  const token = keptToken(folder);
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(readFileSync(join(folder, 'console.key'), 'utf8')).toBe(token);
});

test('a token that others could read is not used again', (context) => {
  if (process.platform === 'win32') notRun(context, 'Windows has no file modes');
  const folder = freshFolder();
  const token = keptToken(folder);
  chmodSync(join(folder, 'console.key'), 0o644);
  expect(keptToken(folder)).not.toBe(token);
  expect(statSync(join(folder, 'console.key')).mode & 0o777).toBe(0o600);
});

test('a folder that cannot be written is refused with the remedy', () => {
  expect(() => keptToken(join(freshFolder(), 'gone'))).toThrow(
    expect.objectContaining({ code: 'ERR_DATA_FOLDER_UNUSABLE', message: expect.stringContaining('check its permissions') }),
  );
});

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hl7-courier-token-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
