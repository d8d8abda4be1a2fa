/** The files of an import while they come in piece by piece, in a real folder. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { importPieceBytesMax } from '../../../src/common/contract.ts';
import { CourierError } from '../../../src/common/errors.ts';
import {
  importsFolder,
  prepareImports,
  ReceivedFiles,
  reserveBytes,
  sweepImports,
  type AnnouncedFile,
} from '../../../src/service/imports/received-files.ts';
import { makeDataDir } from '../../support/session-folder.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const plenty = async () => Number.POSITIVE_INFINITY;
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof CourierError ? error.code : error),
  );

let dataDir: string;
beforeEach(async () => {
  dataDir = makeDataDir();
});
async function receiving(...files: AnnouncedFile[]): Promise<ReceivedFiles> {
  await prepareImports(dataDir, 0, plenty);
  return new ReceivedFiles(dataDir, 'one', files);
}

test('pieces become the files that were announced, for nobody else to read, with their own times', async () => {
  const files = await receiving({ bytes: 6, modifiedAt: 1_700_000_000_000 }, { bytes: 0 }, { bytes: 2 });
  await files.add({ file: 0, offset: 0, data: base64('abcd') });
  await files.add({ file: 0, offset: 4, data: base64('ef') });
  expect(files.isWhole).toBe(false);
  // An empty one has no pieces.
  await files.add({ file: 2, offset: 0, data: base64('gh') });
  expect(files.isWhole).toBe(true);
  expect(files.bytesReceived).toBe(8);
  await files.complete();
  expect(files.paths.map((path) => readFileSync(path, 'utf8'))).toEqual(['abcdef', '', 'gh']);
  expect(statSync(files.paths[0] as string).mtimeMs).toBe(1_700_000_000_000);
  if (process.platform !== 'win32') {
    expect(statSync(importsFolder(dataDir)).mode & 0o777).toBe(0o700);
    expect(files.paths.map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
  }
  await files.remove();
  expect(existsSync(importsFolder(dataDir))).toBe(false);
});

describe('what is not the next piece is refused, and changes nothing:', () => {
  test.each([
    ['a gap', { file: 0, offset: 5, data: base64('x') }, 'ERR_STATE_CONFLICT'],
    ['a piece again', { file: 0, offset: 0, data: base64('ab') }, 'ERR_STATE_CONFLICT'],
    ['another file', { file: 1, offset: 0, data: base64('x') }, 'ERR_STATE_CONFLICT'],
    ['more than was announced', { file: 0, offset: 2, data: base64('cdefg') }, 'ERR_ARGUMENT_INVALID'],
    ['no base64', { file: 0, offset: 2, data: '<b>!' }, 'ERR_ARGUMENT_INVALID'],
    ['base64 cut short', { file: 0, offset: 2, data: 'YWI' }, 'ERR_ARGUMENT_INVALID'],
  ])('%s', async (_what, piece, code) => {
    const files = await receiving({ bytes: 4 }, { bytes: 1 });
    await files.add({ file: 0, offset: 0, data: base64('ab') });
    expect(await codeOf(files.add(piece))).toBe(code);
    await files.add({ file: 0, offset: 2, data: base64('cd') });
    await files.add({ file: 1, offset: 0, data: base64('e') });
    expect(readFileSync(files.paths[0] as string, 'utf8')).toBe('abcd');
    expect(await codeOf(files.add({ file: 2, offset: 0, data: base64('f') }))).toBe('ERR_STATE_CONFLICT');
    await files.remove();
  });

  test('a second one while the first is being written', async () => {
    const files = await receiving({ bytes: importPieceBytesMax });
    const first = files.add({ file: 0, offset: 0, data: Buffer.alloc(importPieceBytesMax).toString('base64') });
    expect(await codeOf(files.add({ file: 0, offset: 0, data: base64('x') }))).toBe('ERR_STATE_CONFLICT');
    // Removing waits for it.
    await files.remove();
    await first;
    expect(existsSync(importsFolder(dataDir))).toBe(false);
  });
});

describe('the disk', () => {
  test('files that would not leave room are refused before the first byte', async () => {
    const free = 5 * 1000 + reserveBytes;
    const refused = prepareImports(dataDir, 1001, async () => free);
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_STORE_WRITE_FAILED',
      message: expect.stringContaining('make room'),
    });
    expect(existsSync(importsFolder(dataDir))).toBe(false);
    await prepareImports(dataDir, 1000, async () => free);
    expect(existsSync(importsFolder(dataDir))).toBe(true);
  });

  test('one that errs is told as one that cannot keep the files', async () => {
    const files = await receiving({ bytes: 1 }, { bytes: 0 });
    rmSync(importsFolder(dataDir), { recursive: true });
    expect(await codeOf(files.add({ file: 0, offset: 0, data: base64('x') }))).toBe('ERR_STORE_WRITE_FAILED');
    expect(await codeOf(files.complete())).toBe('ERR_STORE_WRITE_FAILED');
    writeFileSync(join(dataDir, 'file'), '');
    expect(await codeOf(prepareImports(join(dataDir, 'file'), 1))).toBe('ERR_STORE_WRITE_FAILED');
  });

  test('what an earlier import left behind goes', async () => {
    const files = await receiving({ bytes: 5 });
    await files.add({ file: 0, offset: 0, data: base64('ab') });
    await prepareImports(dataDir, 1, plenty);
    expect(readdirSync(importsFolder(dataDir))).toEqual([]);
    await sweepImports(dataDir);
    expect(existsSync(importsFolder(dataDir))).toBe(false);
    await files.remove();
  });
});
