/**
 * The settings on a real disk: conf's file, its guard, the secret beside it, and what a hand or a crash did to them.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSecretFile } from '../../../src/service/settings/secret-file.ts';
import { openSettings, type SettingsOptions } from '../../../src/service/settings/settings-store.ts';

const endpoint = 'https://lab.example/sessions';
const at = Date.UTC(2026, 10, 24, 10, 0, 0);
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'courier-settings-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe('a good file', () => {
  test('holds what was changed, as flat JSON, for the owner alone, and the next run reads it', () => {
    open().update({ submissionEndpoint: endpoint, submissionConcurrency: 4, submissionAuthHeader: 'Bearer hush' });
    expect(JSON.parse(text('settings.json'))).toEqual({ submissionEndpoint: endpoint, submissionConcurrency: 4 });
    expect(open().current()).toMatchObject({
      submissionEndpoint: endpoint,
      submissionConcurrency: 4,
      submissionAuthHeader: 'Bearer hush',
    });
    if (process.platform !== 'win32')
      for (const name of readdirSync(dataDir)) expect([name, statSync(join(dataDir, name)).mode & 0o777]).toEqual([name, 0o600]);
  });

  test('of another version keeps its keys, and the operator is told of them', () => {
    put('settings.json', JSON.stringify({ trashDays: 8, submisionEndpoint: endpoint, __internal__: {} }));
    const settings = open();
    expect(settings.problems()).toEqual([
      {
        code: 'settings.unknownKey',
        message:
          'The settings file holds keys that are no settings and have no effect: "submisionEndpoint". Correct or remove them.',
        since: at,
      },
    ]);
    settings.update({ trashDays: 9 });
    expect(JSON.parse(text('settings.json'))).toMatchObject({ trashDays: 9, submisionEndpoint: endpoint });
  });

  test('with the header in it gives it up to the file for secrets', () => {
    put('settings.json', JSON.stringify({ submissionEndpoint: endpoint, submissionAuthHeader: 'Bearer hush' }));
    expect(open().current().submissionAuthHeader).toBe('Bearer hush');
    expect(text('authorization')).toBe('Bearer hush');
    for (const name of readdirSync(dataDir).filter((entry) => entry !== 'authorization'))
      expect([name, text(name)]).not.toEqual([name, expect.stringContaining('hush')]);
  });

  test('that is not there yet means the defaults', () => {
    expect(open().problems()).toEqual([]);
    expect(existsSync(join(dataDir, 'settings.json'))).toBe(false);
  });
});

describe('a damaged file', () => {
  test.for([
    ['it is empty', ''],
    ['it is empty', '  \n'],
    ['it is not valid JSON', '{"submissionConc'],
    ['it is not valid JSON', '\0\0\0\0'],
    ['it holds no settings', '[]'],
    ['it holds no settings', 'null'],
    ['trashDays cannot be "seven": it must be a whole number 1-365 (days)', '{"trashDays":"seven"}'],
    ['trashDays cannot be 0: it must be a whole number 1-365 (days)', '{"trashDays":0}'],
    ['it is far too large', `{"x":"${'x'.repeat(1_048_576)}"}`],
  ] as const)('(%s) is set aside, and the last good copy is used', ([reason, damaged]) => {
    open().update({ submissionEndpoint: endpoint });
    put('settings.json', damaged);
    const settings = open();
    expect(settings.current().submissionEndpoint).toBe(endpoint);
    expect(settings.problems()).toEqual([
      {
        code: 'settings.damaged',
        message: `The settings file cannot be read (${reason}) and was set aside as settings.damaged-2026-11-24T10-00-00.000Z.json; the last good copy is used. Check the settings and save them.`,
        since: at,
      },
    ]);
    expect(text('settings.damaged-2026-11-24T10-00-00.000Z.json')).toBe(damaged);
    expect(open().problems()).toEqual([]);
    settings.update({ trashDays: 9 });
    expect(settings.problems()).toEqual([]);
    expect(JSON.parse(text('settings.json'))).toEqual({ submissionEndpoint: endpoint, trashDays: 9 });
  });

  test('without a good copy means the defaults', () => {
    put('settings.json', '{');
    put('settings.last-good.json', '{');
    const settings = open();
    expect(settings.current().trashDays).toBe(7);
    expect(settings.problems()[0]?.message).toContain('there is no good copy, so the defaults are used');
  });

  test('that the system does not let us read is left where it is', () => {
    mkdirSync(join(dataDir, 'settings.json'));
    const settings = open();
    expect(settings.problems()[0]?.message).toContain('(EISDIR) and was left where it is');
    expect(() => settings.update({ trashDays: 9 })).toThrow('The settings could not be written');
  });

  test('is only looked at by a command beside a running service', () => {
    put('settings.json', '{');
    put('.settings.0a0a.tmp', 'of the running service');
    const before = readdirSync(dataDir);
    expect(open({ isReadOnly: true }).problems()[0]?.message).toContain('was left where it is');
    expect(readdirSync(dataDir)).toEqual(before);
    put('settings.json', JSON.stringify({ submissionEndpoint: endpoint, submissionAuthHeader: 'Bearer hush' }));
    expect(open({ isReadOnly: true }).current().submissionAuthHeader).toBe('Bearer hush');
    expect(readdirSync(dataDir)).toEqual(before);
    expect(open({ isReadOnly: true, dataDir: join(dataDir, 'absent') }).problems()).toEqual([]);
  });

  test('list of earlier settings begins anew', () => {
    put('settings.versions.json', '{');
    expect(open().versions()).toEqual([{ version: 1, at, changed: [] }]);
  });
});

describe('the file for the header', () => {
  test('written by hand may end in a line break, and is made private', () => {
    put('authorization', 'Basic dTpw\r\n');
    chmodSync(join(dataDir, 'authorization'), 0o644);
    expect(open().current().submissionAuthHeader).toBe('Basic dTpw');
    if (process.platform !== 'win32') expect(statSync(join(dataDir, 'authorization')).mode & 0o777).toBe(0o600);
  });

  test.runIf(process.platform !== 'win32')(
    'that others could read for a while is private again, and told until it is entered anew',
    () => {
      const settings = open();
      settings.update({ submissionAuthHeader: 'Bearer hush' });
      settings.look();
      expect(settings.problems()).toEqual([]);
      let toldOf = 0;
      settings.onProblems(() => (toldOf += 1));
      chmodSync(join(dataDir, 'authorization'), 0o640);
      settings.look();
      settings.look();
      expect(statSync(join(dataDir, 'authorization')).mode & 0o777).toBe(0o600);
      expect([toldOf, settings.problems()]).toMatchObject([
        1,
        [{ code: 'secret.weaklyKept', message: expect.stringContaining('it is private again') }],
      ]);
      settings.update({ submissionAuthHeader: 'Bearer new' });
      expect([toldOf, settings.problems()]).toEqual([2, []]);
    },
  );

  test.runIf(process.platform !== 'win32')('that cannot be made private is used, and told while it lasts', () => {
    put('authorization', 'Bearer hush');
    const path = join(dataDir, 'authorization');
    chmodSync(path, 0o644);
    let makePrivate = (): void => {
      throw Object.assign(new Error('x'), { code: 'EPERM' });
    };
    const settings = open({ secretStore: openSecretFile(dataDir, { makePrivate: () => makePrivate() }) });
    expect(settings.current().submissionAuthHeader).toBe('Bearer hush');
    expect(settings.problems()).toMatchObject([
      { code: 'secret.weaklyKept', message: expect.stringContaining('cannot be made private (') },
    ]);
    makePrivate = () => {};
    settings.look();
    expect(settings.problems()[0]?.message).toContain('the file system keeps no such rights');
    chmodSync(path, 0o600);
    settings.look();
    expect(settings.problems()).toEqual([]);
  });

  test('goes when the header is removed', () => {
    const settings = open();
    settings.update({ submissionAuthHeader: 'Bearer hush' });
    settings.update({ submissionAuthHeader: '' });
    expect(existsSync(join(dataDir, 'authorization'))).toBe(false);
  });

  test('that cannot be read is told, without a path', () => {
    mkdirSync(join(dataDir, 'authorization'));
    const [problem] = open().problems();
    expect(problem).toMatchObject({ code: 'secret.notKept' });
    expect(problem?.message).not.toContain(dataDir);
  });
});

test('what a crash left of a write is swept, because it may hold the header', () => {
  put('.authorization.0a0a.tmp', 'Bearer hush');
  put('.other.0a0a.tmp', 'not ours');
  open();
  expect(readdirSync(dataDir).filter((name) => name.endsWith('.tmp'))).toEqual(['.other.0a0a.tmp']);
});

test('copies that cannot be written are no reason not to start', () => {
  mkdirSync(join(dataDir, 'settings.last-good.json'));
  mkdirSync(join(dataDir, 'settings.versions.json'));
  put('settings.json', '{"trashDays":8}');
  const logged: string[] = [];
  const log = { info: () => {}, warn: (_fields: object, message: string) => void logged.push(message) };
  expect(open({ log }).current().trashDays).toBe(8);
  expect(logged).toEqual([
    'The copy of the good settings could not be written.',
    'The list of earlier settings could not be written.',
  ]);
});

function open(change: Partial<SettingsOptions> = {}) {
  return openSettings({ dataDir, environment: {}, log: { info: () => {}, warn: () => {} }, now: () => at, ...change });
}
const put = (name: string, content: string) => writeFileSync(join(dataDir, name), content);
const text = (name: string) => readFileSync(join(dataDir, name), 'utf8');
