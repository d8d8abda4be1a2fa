/**
 * The real file system as the store sees it, in the ways of POSIX and of Windows.
 * May import: src/service/store, tests/support.
 */
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writeReplacing } from '../../../src/service/store/durable-write.ts';
import { errnoOf, errnoWords, fileSystemOf, foldedNumber, readWhole } from '../../../src/service/store/file-system.ts';
import { temporaryFolder } from '../../support/spawned.ts';

test.each(['linux', 'win32'] as const)('files are written, read and told apart (%s)', (platform) => {
  const files = fileSystemOf(platform);
  const folder = temporaryFolder();
  const path = join(folder, 'x.json');
  writeReplacing({ fileSystem: files }, { folder, name: 'x', extension: '.json' }, new TextEncoder().encode('hello'));
  files.fsyncFolder(folder);
  expect(readFileSync(path, 'utf8')).toBe('hello');
  const stats = statSync(path);
  const facts = files.lstat(path);
  expect(facts).toMatchObject({ kind: 'file', size: 5, ino: stats.ino });
  expect(facts?.ctimeMs).toBeCloseTo(stats.ctimeMs, 2);
  expect(readWhole(files, path, 5)).toEqual({ type: 'read', bytes: new TextEncoder().encode('hello'), facts });
  expect(readWhole(files, path, 4)).toMatchObject({ type: 'tooLarge' });
  expect(readWhole(files, join(folder, 'gone'), 5)).toEqual({ type: 'missing' });
  expect(files.lstat(join(folder, 'gone'))).toBeNull();
  files.makeFolder(join(folder, 'a', 'b'));
  expect(files.lstat(join(folder, 'a'))).toMatchObject({ kind: 'folder' });
  files.unlink(path);
  expect(files.list(folder)).toEqual(['a']);
});

test('a folder, a link and a socket are no files', async (context) => {
  if (process.platform === 'win32') {
    console.log('not run: links need a right on Windows, and sockets are no files there');
    context.skip();
  }
  const files = fileSystemOf('linux');
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'file'), '');
  symlinkSync('file', join(folder, 'link'));
  const server = createServer().listen(join(folder, 'socket'));
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  for (const [name, kind] of [
    ['folder', 'folder'],
    ['link', 'link'],
    ['socket', 'other'],
  ] as const) {
    expect(files.lstat(join(folder, name))?.kind).toBe(kind);
    expect(readWhole(files, join(folder, name), 100)).toEqual({ type: 'notAFile' });
  }
});

test('a rename that Windows refuses for a moment is tried again', () => {
  const files = fileSystemOf('win32');
  const folder = temporaryFolder();
  let refusals = 0;
  const refusing = {
    ...files,
    rename: (from: string, to: string) => {
      refusals += 1;
      if (refusals === 1) throw Object.assign(new Error('held'), { code: 'EPERM' });
      files.rename(from, to);
    },
  };
  writeReplacing({ fileSystem: refusing }, { folder, name: 'x', extension: '.json' }, new Uint8Array(3));
  expect(files.list(folder)).toEqual(['x.json']);
  const broken = { ...files, rename: failing };
  expect(() => writeReplacing({ fileSystem: broken }, { folder, name: 'y', extension: '.json' }, new Uint8Array(3))).toThrow(
    'a bug',
  );
});

test('wide file numbers stay different as doubles', () => {
  expect(foldedNumber(123n)).toBe(123);
  expect(foldedNumber(2n ** 63n + 1n)).not.toBe(foldedNumber(2n ** 63n + 2n));
  expect(Number.isSafeInteger(foldedNumber(2n ** 64n - 1n))).toBe(true);
});

test('errors of the system are told without the path in them', () => {
  expect(errnoWords(Object.assign(new Error('EIO: /secret'), { code: 'EIO' }))).toBe('the disk reported an error (EIO)');
  expect(errnoWords(Object.assign(new Error('/secret'), { code: 'EXOTIC' }))).toBe('EXOTIC');
  expect(errnoWords(new Error('/secret'))).toBe('unexpected error');
  expect(errnoOf(Object.assign(new Error(''), { code: 5 }))).toBeUndefined();
  expect(errnoOf('text')).toBeUndefined();
});

function failing(): never {
  throw new TypeError('a bug');
}
