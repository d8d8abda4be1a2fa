/**
 * One owner a data directory, whatever happens to the owner.
 * May import: src/service/store, tests/support.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { acquireOwnership, ownerOf } from '../../../src/service/store/owner-lock.ts';
import { killAtOnce, startNode, temporaryFolder } from '../../support/spawned.ts';

const ownFolder = new URL('../../support/own-folder.ts', import.meta.url).pathname;
const answered = (child: { output: () => string }) => vi.waitFor(() => expect(child.output()).toMatch(/\n/), { timeout: 60_000 });

test('a second service is told the process id of the first', async () => {
  const folder = temporaryFolder();
  const owner = startNode(ownFolder, folder);
  await answered(owner);
  expect(ownerOf(folder)).toEqual({ pid: owner.pid, startedAt: expect.any(Number), command: 'serve' });
  await expect(acquireOwnership(folder, { command: 'submit' })).rejects.toMatchObject({
    code: 'ERR_STORE_OWNED',
    message: `the data directory is in use by process ${owner.pid} (serve); stop it first, or choose another --data-dir`,
  });
  const second = startNode(ownFolder, folder);
  await answered(second);
  expect(second.output()).toContain(`process ${owner.pid}`);
});

test('an owner that was killed does not block, even when its process id is in use again', async () => {
  const folder = temporaryFolder();
  const owner = startNode(ownFolder, folder);
  await answered(owner);
  await killAtOnce(owner);
  // The process that has this id now is this one.
  writeFileSync(join(folder, 'owner.json'), JSON.stringify({ pid: process.pid, startedAt: 1, command: 'serve' }));
  const ownership = await acquireOwnership(folder, { command: 'submit', now: () => 7 });
  expect(ownerOf(folder)).toEqual({ pid: process.pid, startedAt: 7, command: 'submit' });
  ownership.release();
});

test('two owners in one process conflict too, and a released directory is free', async () => {
  const folder = join(temporaryFolder(), 'new', 'data');
  const first = await acquireOwnership(folder, { command: 'serve' });
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  await expect(acquireOwnership(folder, { command: 'serve' })).rejects.toMatchObject({ code: 'ERR_STORE_OWNED' });
  first.release();
  first.release();
  expect(ownerOf(folder)).toBeNull();
  const second = await acquireOwnership(folder, { command: 'serve' });
  // Releasing once more what is not owned any more takes nothing from the new owner.
  first.release();
  expect(ownerOf(folder)?.pid).toBe(process.pid);
  await expect(acquireOwnership(folder, { command: 'serve' })).rejects.toMatchObject({ code: 'ERR_STORE_OWNED' });
  second.release();
  expect(readdirSync(folder)).toEqual(['owner.lock']);
});

test('an owner whose name nobody can read still owns', async () => {
  const folder = temporaryFolder();
  const ownership = await acquireOwnership(folder, { command: '' });
  for (const [text, who] of [
    ['{', 'another process'],
    ['{}', 'another process'],
    ['{"pid":5}', 'process 5'],
  ] as const) {
    writeFileSync(join(folder, 'owner.json'), text);
    await expect(acquireOwnership(folder, { command: 'serve' })).rejects.toThrow(`in use by ${who};`);
  }
  ownership.release();
});

test('a directory that cannot be locked is named', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  const unusable = { code: 'ERR_DATA_FOLDER_UNUSABLE' };
  await expect(acquireOwnership(join(folder, 'file'), { command: 'serve' })).rejects.toMatchObject(unusable);
  mkdirSync(join(folder, 'a', 'owner.json'), { recursive: true });
  await expect(acquireOwnership(join(folder, 'a'), { command: 'serve' })).rejects.toMatchObject(unusable);
  mkdirSync(join(folder, 'b'));
  writeFileSync(join(folder, 'b', 'owner.lock'), 'this is no database of any kind, but somebody put it here'.repeat(99));
  await expect(acquireOwnership(join(folder, 'b'), { command: 'serve' })).rejects.toMatchObject(unusable);
  expect(readFileSync(join(folder, 'b', 'owner.lock'), 'utf8')).toMatch(/^this is no database/);
});
