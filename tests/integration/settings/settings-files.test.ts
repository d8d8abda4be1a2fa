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
import { CourierError } from '../../../src/common/errors.ts';
import type { SettingKey, Settings } from '../../../src/common/settings.ts';
import { openSecretFile } from '../../../src/service/settings/secret-file.ts';
import { openSettings, type SettingsOptions, type SettingsStore } from '../../../src/service/settings/settings-store.ts';

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

  test('is not sent to an endpoint that settings.json was given meanwhile, and is used again for its own', () => {
    open().update({ submissionEndpoint: `${endpoint}?a`, submissionAuthHeader: 'Bearer hush' });
    put('settings.json', JSON.stringify({ submissionEndpoint: 'https://other.example/in' }));
    const moved = open();
    expect(moved.current().submissionAuthHeader).toBe('');
    expect(moved.problems()).toMatchObject([{ code: 'secret.foreign' }]);
    expect(open({ isReadOnly: true }).current().submissionAuthHeader).toBe('');
    expect(open({ overrides: { submissionEndpoint: endpoint } }).current().submissionAuthHeader).toBe('');
    put('settings.json', JSON.stringify({ submissionEndpoint: `${endpoint}?b` }));
    moved.look();
    expect([moved.current().submissionAuthHeader, moved.problems()]).toEqual(['Bearer hush', []]);
    put('settings.json', '{}');
    expect(open({ overrides: { submissionEndpoint: 'https://other.example/in' } }).current().submissionAuthHeader).toBe('');
  });

  test('that a hand put there, together with another endpoint, belongs to that one', () => {
    open().update({ submissionEndpoint: endpoint, submissionAuthHeader: 'Bearer old' });
    put('settings.json', JSON.stringify({ submissionEndpoint: 'https://other.example/in' }));
    put('authorization', 'Bearer new');
    const settings = open();
    expect([settings.current().submissionAuthHeader, settings.problems()]).toEqual(['Bearer new', []]);
    put('settings.json', JSON.stringify({ submissionEndpoint: endpoint }));
    expect(open().current().submissionAuthHeader).toBe('');
    settings.update({ submissionAuthHeader: '' });
    expect(readdirSync(dataDir).filter((name) => name.startsWith('authorization'))).toEqual([]);
  });

  test('entered while an edit cannot be used belongs to the endpoint in use', () => {
    const settings = open();
    settings.update({ submissionEndpoint: endpoint });
    put('settings.json', JSON.stringify({ submissionEndpoint: 'https://other.example/in', trashDays: 0 }));
    settings.look();
    settings.update({ submissionAuthHeader: 'Bearer hush' });
    settings.look();
    expect(settings.problems().map(({ code }) => code)).toEqual(['settings.notApplied']);
    put('settings.json', JSON.stringify({ submissionEndpoint: endpoint }));
    expect(open().current().submissionAuthHeader).toBe('Bearer hush');
  });

  test('entered before any endpoint belongs to the first one', () => {
    const settings = open();
    settings.update({ submissionAuthHeader: 'Bearer hush' });
    settings.update({ submissionEndpoint: endpoint });
    expect(open().current().submissionAuthHeader).toBe('Bearer hush');
    put('settings.json', JSON.stringify({ submissionEndpoint: 'https://other.example/in' }));
    expect(open().current().submissionAuthHeader).toBe('');
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

describe('a file edited while it is in use', () => {
  test('is taken over as one change, and is the copy to fall back on', () => {
    const settings = open();
    settings.update({ submissionEndpoint: endpoint, submissionConcurrency: 4 });
    const events = changesOf(settings);
    put('settings.json', JSON.stringify({ submissionEndpoint: endpoint, trashDays: 9, retentionDays: 8 }));
    settings.look();
    settings.look();
    expect(events).toEqual([['submissionConcurrency', 'retentionDays', 'trashDays']]);
    expect(settings.current()).toMatchObject({ submissionConcurrency: 2, trashDays: 9, retentionDays: 8 });
    expect(JSON.parse(text('settings.last-good.json'))).toEqual(JSON.parse(text('settings.json')));
    expect(settings.versions()[0]?.changed).toEqual(['submissionConcurrency', 'retentionDays', 'trashDays']);
    expect(settings.problems()).toEqual([]);
  });

  test('by ourselves, or touched only, is no edit', () => {
    const settings = open();
    settings.update({ trashDays: 9 });
    const events = changesOf(settings);
    settings.look();
    put('settings.json', `  ${text('settings.json')}`);
    settings.look();
    expect([events, settings.problems()]).toEqual([[], []]);
  });

  test.for([
    ['trashDays cannot be 0: it must be a whole number 1-365 (days)', { trashDays: 0, retentionDays: 8 }],
    ['submissionAuthHeader cannot be the given value: it must be the value of', { submissionAuthHeader: 'x\ny' }],
    ['"http://lab.example/in": plain http would send patient data unencrypted', { submissionEndpoint: 'http://lab.example/in' }],
    ['submissionCaFile: no such file', { submissionCaFile: '/absent.pem' }],
  ] as const)('to something that cannot be used (%s) changes nothing, and is told until it is right', ([reason, edit]) => {
    const settings = open({ verify });
    settings.update({ trashDays: 9, submissionAuthHeader: 'Bearer hush' });
    const events = changesOf(settings);
    const before = settings.current();
    put('settings.json', JSON.stringify(edit));
    settings.look();
    expect(settings.problems()).toMatchObject([{ code: 'settings.notApplied', message: expect.stringContaining(reason) }]);
    expect(settings.problems()[0]?.message).not.toMatch(/old value|x\ny|hush/);
    expect([events, settings.current()]).toEqual([[], before]);
    put('settings.json', JSON.stringify({ trashDays: 10 }));
    settings.look();
    expect([settings.problems(), settings.current().trashDays]).toEqual([[], 10]);
  });

  test('and half written is looked at once more before it is told', () => {
    const settings = open();
    settings.update({ trashDays: 9 });
    put('settings.json', '{"trashDa');
    settings.look();
    expect(settings.problems()).toEqual([]);
    settings.look();
    expect(settings.problems()[0]?.message).toContain('(it is not valid JSON)');
    rmSync(join(dataDir, 'settings.json'));
    settings.look();
    settings.look();
    expect(settings.problems()[0]?.message).toContain('(it is gone)');
    expect(settings.current().trashDays).toBe(9);
    settings.update({ retentionDays: 8 });
    expect([settings.problems(), JSON.parse(text('settings.json'))]).toEqual([[], { trashDays: 9, retentionDays: 8 }]);
  });

  test('is merged with a change that comes before the next look', () => {
    const settings = open();
    settings.update({ trashDays: 9 });
    put('settings.json', JSON.stringify({ trashDays: 9, retentionDays: 8 }));
    settings.update({ cleanupIntervalHours: 12 });
    expect(JSON.parse(text('settings.json'))).toEqual({ trashDays: 9, retentionDays: 8, cleanupIntervalHours: 12 });
  });

  test('that cannot be used is copied aside when a change is written over it', () => {
    const settings = open();
    settings.update({ trashDays: 9 });
    put('settings.json', '{"trashDays": 0, "note": "a long work"}');
    settings.look();
    settings.update({ submissionAuthHeader: 'Bearer hush' });
    expect(settings.problems()).toMatchObject([{ code: 'settings.notApplied' }]);
    settings.update({ retentionDays: 8 });
    expect(settings.problems()).toEqual([]);
    expect(text('settings.damaged-2026-11-24T10-00-00.000Z.json')).toContain('a long work');
    expect(JSON.parse(text('settings.json'))).toEqual({ trashDays: 9, retentionDays: 8 });
  });

  test('leaves what this run overrides on top', () => {
    const settings = open({ overrides: { trashDays: 20 } });
    const events = changesOf(settings);
    put('settings.json', JSON.stringify({ trashDays: 9, retentionDays: 8 }));
    settings.look();
    expect(settings.current()).toMatchObject({ trashDays: 20, retentionDays: 8 });
    expect(events).toEqual([['retentionDays']]);
    expect(open().current().trashDays).toBe(9);
  });

  test('tells of keys that are no settings, until they are gone', () => {
    const settings = open();
    put('settings.json', JSON.stringify({ trashDay: 9 }));
    settings.look();
    expect(settings.problems()).toMatchObject([{ code: 'settings.unknownKey' }]);
    put('settings.json', JSON.stringify({ trashDays: 9 }));
    settings.look();
    expect(settings.problems()).toEqual([]);
  });

  test('never brings an old header to a new endpoint; one that comes with it is used, and leaves the file', () => {
    const settings = open();
    settings.update({ submissionEndpoint: endpoint, submissionAuthHeader: 'Bearer old' });
    const events = changesOf(settings);
    put('settings.json', JSON.stringify({ submissionEndpoint: 'https://other.example/in' }));
    settings.look();
    expect(settings.current().submissionAuthHeader).toBe('');
    expect(existsSync(join(dataDir, 'authorization'))).toBe(false);
    put('settings.json', JSON.stringify({ submissionEndpoint: endpoint, submissionAuthHeader: 'Bearer new' }));
    settings.look();
    expect(settings.current()).toMatchObject({ submissionEndpoint: endpoint, submissionAuthHeader: 'Bearer new' });
    expect([text('settings.json').includes('Bearer'), text('authorization')]).toEqual([false, 'Bearer new']);
    put('authorization', 'Bearer newer');
    put('settings.json', JSON.stringify({ submissionEndpoint: 'https://other.example/in' }));
    settings.look();
    expect(settings.current().submissionAuthHeader).toBe('Bearer newer');
    const together = ['submissionEndpoint', 'submissionAuthHeader'];
    expect(events).toEqual([together, together, together]);
    rmSync(join(dataDir, 'authorization'));
    put('settings.json', JSON.stringify({ submissionEndpoint: 'https://other.example/in', trashDays: 9 }));
    settings.look();
    expect(settings.current()).toMatchObject({ submissionAuthHeader: '', trashDays: 9 });
  });

  test('drops a header that cannot be read when the endpoint moves, and keeps it when it does not', () => {
    put('settings.json', JSON.stringify({ submissionEndpoint: endpoint }));
    const written: string[] = [];
    const secretStore = {
      read: () => {
        throw Object.assign(new Error('x'), { code: 'EKEYCHAIN' });
      },
      write: (value: string) => void written.push(value),
    };
    const settings = open({ secretStore });
    put('settings.json', JSON.stringify({ submissionEndpoint: endpoint, trashDays: 9 }));
    settings.look();
    expect([settings.current().trashDays, written]).toEqual([9, []]);
    put('settings.json', JSON.stringify({ submissionEndpoint: 'https://other.example/in' }));
    settings.look();
    expect(written).toEqual(['']);
  });

  test('is told, and tried again, while the disk takes no note of it', () => {
    let isFull = true;
    let kept = 'Bearer old';
    const secretStore = {
      read: () => kept,
      write: (value: string) => {
        if (isFull) throw Object.assign(new Error('x'), { code: 'ENOSPC' });
        kept = value;
      },
    };
    put('settings.json', JSON.stringify({ submissionEndpoint: endpoint }));
    const settings = open({ secretStore });
    put('settings.json', JSON.stringify({ submissionEndpoint: 'https://other.example/in' }));
    settings.look();
    expect(settings.problems()[0]?.message).toContain('(the disk took no note of it: no space left on the disk (ENOSPC))');
    expect(settings.current().submissionEndpoint).toBe(endpoint);
    isFull = false;
    settings.look();
    expect([settings.problems(), settings.current().submissionEndpoint]).toEqual([[], 'https://other.example/in']);
  });

  test('is not looked at by a command beside a running service', () => {
    const settings = open({ isReadOnly: true });
    put('settings.json', JSON.stringify({ trashDays: 9 }));
    settings.look();
    expect(settings.current().trashDays).toBe(7);
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
function changesOf(settings: SettingsStore): (readonly SettingKey[])[] {
  const events: (readonly SettingKey[])[] = [];
  settings.onChange((_settings, changed) => events.push(changed));
  return events;
}
/** The service's own, as far as these tests go. */
function verify(next: Settings): void {
  if (next.submissionCaFile !== '') throw new CourierError('ERR_SETTING_INVALID', 'submissionCaFile: no such file.');
}
const put = (name: string, content: string) => writeFileSync(join(dataDir, name), content);
const text = (name: string) => readFileSync(join(dataDir, name), 'utf8');
