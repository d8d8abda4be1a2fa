/**
 * Who else may read the folders with patient data.
 */
import { expect, test } from 'vitest';
import { FolderPrivacy } from '../../../src/service/folder-privacy.ts';
import { Problems } from '../../../src/service/problems.ts';

const closed = { sessions: 0o700, quarantine: 0o700, trash: 0o700 };

/** @param modes of the data directory (`''`) and its folders. */
function keeping(modes: Record<string, number>, more: { platform?: NodeJS.Platform; isFixed?: boolean } = {}) {
  const kept = new Map(Object.entries(modes).map(([name, mode]) => [name === '' ? '/data' : `/data/${name}`, 0o40000 | mode]));
  const said: string[] = [];
  const problems = new Problems(
    () => 0,
    () => {},
  );
  const privacy = new FolderPrivacy({
    dataDir: '/data',
    problems,
    log: { warn: (_fields, message) => void said.push(message) },
    platform: more.platform ?? 'linux',
    modeOf: (path) => {
      const mode = kept.get(path.replaceAll('\\', '/'));
      if (mode === undefined) throw new Error('ENOENT');
      return mode;
    },
    setMode: (path, mode) => {
      if (more.isFixed === true) throw new Error('EPERM');
      kept.set(path.replaceAll('\\', '/'), 0o40000 | mode);
    },
  });
  return {
    privacy,
    problems,
    said,
    set: (name: string, mode: number) => kept.set(`/data/${name}`, 0o40000 | mode),
    modes: () => [...kept.values()].map((mode) => (mode & 0o7777).toString(8)),
  };
}

test('a folder of sessions that others may read is made private, and that is said once', () => {
  const { privacy, problems, said, modes } = keeping({ '': 0o755, ...closed, sessions: 0o2755 });
  privacy.look();
  privacy.look();
  expect([modes(), problems.all]).toEqual([['755', '2700', '700', '700'], []]);
  expect(said).toEqual(['Other users of this computer could read the folder sessions/; they cannot any more.']);
});

test('one where others may write is left alone and told of, until somebody closes it: programs may drop sessions there', () => {
  const { privacy, problems, modes, set } = keeping({ '': 0o755, ...closed, sessions: 0o775 });
  privacy.look();
  expect(modes()[1]).toBe('775');
  expect(problems.all).toMatchObject([{ code: 'store.weaklyKept', message: expect.stringContaining('the folder sessions/ of') }]);
  set('sessions', 0o700);
  privacy.look();
  expect(problems.all).toEqual([]);
});

test('in a data directory that is closed to others nothing is told', () => {
  const { privacy, problems, modes } = keeping({ '': 0o700, ...closed, sessions: 0o777 });
  privacy.look();
  expect([modes(), problems.all]).toEqual([['700', '700', '700', '700'], []]);
});

test('a disk that keeps no modes is told of, and ends nothing', () => {
  const { privacy, problems, said } = keeping({ '': 0o755, sessions: 0o755, quarantine: 0o755, trash: 0o755 }, { isFixed: true });
  privacy.look();
  expect(problems.all[0]?.message).toContain('the folders sessions/, quarantine/, trash/ of');
  expect(said).toEqual([]);
});

test('folders that are not there, and those of Windows, are nobody’s concern', () => {
  for (const { privacy, problems } of [keeping({}), keeping({ '': 0o777, sessions: 0o777 }, { platform: 'win32' })]) {
    privacy.look();
    expect(problems.all).toEqual([]);
  }
});
