/**
 * How a change of the settings comes about: checked as a whole, one event, and nothing half done when the disk errs.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SettingKey } from '../../../src/common/settings.ts';
import { openSettings, type SettingsBacking, type SettingsOptions } from '../../../src/service/settings/settings-store.ts';

const a = 'https://a.example/in';
const b = 'https://b.example/in';
let dataDir: string;
let values: Record<string, unknown>;
let secret: string;
/** What was written, in order. */
let writes: string[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'courier-settings-'));
  values = {};
  secret = '';
  writes = [];
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe('the password in a proxy’s address', () => {
  const proxy = 'http://user:p%40ss@proxy.example:3128';
  const asShown = 'http://user:********@proxy.example:3128/';

  test('is used and never shown, whoever set it', () => {
    const settings = open();
    expect(settings.update({ submissionProxy: proxy }).settings.submissionProxy).toBe(asShown);
    expect(settings.current().submissionProxy).toBe(proxy);
    expect(open({ overrides: { submissionProxy: proxy } }).shown().settings.submissionProxy).toBe(asShown);
    expect(settings.update({ submissionProxy: 'http://proxy.example' }).settings.submissionProxy).toBe('http://proxy.example');
  });

  test('stays when the address comes back as it was shown', () => {
    const settings = open();
    settings.update({ submissionProxy: proxy });
    settings.update({ submissionProxy: asShown, submissionConcurrency: 4 });
    expect(settings.current()).toMatchObject({ submissionProxy: proxy, submissionConcurrency: 4 });
    expect(settings.preview({ submissionProxy: asShown }).submissionProxy).toBe(proxy);
  });

  test('goes to no other proxy: there it is entered again', () => {
    const settings = open();
    settings.update({ submissionProxy: proxy });
    const elsewhere = { submissionProxy: asShown.replace('proxy.', 'other.') };
    const message =
      'submissionProxy cannot be "http://other.example:3128/" with a password that is not shown: enter the password in place of ********. The old value stays.';
    expect(() => settings.update(elsewhere)).toThrow(message);
    expect(() => settings.preview(elsewhere)).toThrow(message);
    expect(settings.current().submissionProxy).toBe(proxy);
  });
});

describe('a change', () => {
  test('of several settings is one event that names them all', () => {
    const settings = open();
    const events: (readonly SettingKey[])[] = [];
    settings.onChange((_settings, changed) => events.push(changed));
    settings.update({ submissionEndpoint: a, submissionAuthHeader: 'Bearer x', submissionConcurrency: 4 });
    expect(events).toEqual([['submissionEndpoint', 'submissionAuthHeader', 'submissionConcurrency']]);
    expect(settings.current()).toMatchObject({
      submissionEndpoint: a,
      submissionAuthHeader: 'Bearer x',
      submissionConcurrency: 4,
    });
  });

  test('to what holds already is no event', () => {
    const settings = open();
    const events: unknown[] = [];
    const end = settings.onChange((_settings, changed) => events.push(changed));
    settings.update({ submissionConcurrency: 2 });
    settings.update({ submissionConcurrency: 3 });
    end();
    settings.update({ submissionConcurrency: 4 });
    expect(events).toEqual([['submissionConcurrency']]);
  });

  test('with one value out of range changes nothing', () => {
    const settings = open();
    expect(() => settings.update({ submissionConcurrency: 4, trashDays: 0 })).toThrow(
      'trashDays cannot be 0: it must be a whole number 1-365 (days). The old value stays.',
    );
    expect(() => settings.update({ submisionEndpoint: a })).toThrow('There is no setting "submisionEndpoint"');
    expect([settings.current().submissionConcurrency, writes]).toEqual([2, []]);
  });

  test('that the service cannot use is refused before it is stored', () => {
    const settings = open({
      verify: (next) => {
        if (next.submissionCaFile !== '') throw new Error('no such file');
      },
    });
    expect(() => settings.update({ submissionCaFile: '/absent.pem' })).toThrow('no such file');
    expect([settings.current().submissionCaFile, writes]).toEqual(['', []]);
  });

  test('can be looked at before it is made', () => {
    const settings = open();
    settings.update({ submissionEndpoint: a, submissionAuthHeader: 'Bearer x' });
    expect(settings.preview({ trashDays: 9 })).toMatchObject({ trashDays: 9, submissionAuthHeader: 'Bearer x' });
    expect(settings.preview({ submissionEndpoint: b }).submissionAuthHeader).toBe('');
    expect(settings.current().trashDays).toBe(7);
  });

  test('of a part of the markers keeps the others', () => {
    const settings = open();
    settings.update({ captureMarkers: { enq: '06' } });
    expect(values['captureMarkers']).toEqual({ enq: '06', stx: '02', frameEnd: '0D0A', ack: '06', eot: '04' });
  });
});

describe('the Authorization value', () => {
  test('is neither in the settings nor shown, only whether it is set', () => {
    const settings = open();
    const shown = settings.update({ submissionEndpoint: a, submissionAuthHeader: 'Bearer hush' });
    expect(shown.secretsSet).toEqual(['submissionAuthHeader']);
    expect(JSON.stringify([shown, values, settings.versions(), settings.problems()])).not.toContain('hush');
    expect(secret).toBe('Bearer hush');
  });

  test('is removed before the endpoint changes and written after it, so that no crash brings the two together', () => {
    const settings = open();
    settings.update({ submissionEndpoint: a, submissionAuthHeader: 'Bearer a' });
    writes = [];
    settings.update({ submissionEndpoint: b, submissionAuthHeader: 'Bearer b' });
    expect(writes).toEqual(['secret ', `settings ${b}`, 'secret Bearer b']);
  });

  test('goes when the endpoint moves to another origin and none is entered for it', () => {
    const logged: string[] = [];
    const settings = open({ log: { info: () => {}, warn: (_fields, message) => logged.push(message) } });
    settings.update({ submissionEndpoint: a, submissionAuthHeader: 'Bearer a' });
    settings.update({ submissionEndpoint: 'https://a.example/other' });
    expect(settings.current().submissionAuthHeader).toBe('Bearer a');
    expect(settings.update({ submissionEndpoint: b }).secretsSet).toEqual([]);
    expect([secret, settings.current().submissionAuthHeader]).toEqual(['', '']);
    expect(logged).toEqual([
      'submissionAuthHeader was removed, because it was entered for another endpoint; enter it for the new one.',
    ]);
  });

  test('of the environment wins over the stored one, and a line break at its end is none of it', () => {
    secret = 'Bearer stored';
    const settings = open({ environment: { HL7_COURIER_AUTH_HEADER: 'Bearer environment\n' } });
    expect(settings.current().submissionAuthHeader).toBe('Bearer environment');
    expect(settings.shown()).toMatchObject({
      overridden: ['submissionAuthHeader'],
      overriddenBy: { submissionAuthHeader: 'environment' },
    });
  });

  test('that cannot be read is told, and entering it again ends that', () => {
    const settings = open({
      secretStore: {
        read: () => {
          throw Object.assign(new Error('x'), { code: 'EACCES' });
        },
        write: (value) => void (secret = value),
      },
    });
    expect(settings.problems()).toMatchObject([
      {
        code: 'secret.notKept',
        message: 'The stored submissionAuthHeader cannot be used (permission denied (EACCES)); enter it again.',
      },
    ]);
    settings.update({ submissionAuthHeader: 'Bearer new' });
    expect([settings.problems(), secret]).toEqual([[], 'Bearer new']);
  });

  test('that cannot be read does not outlive a move of the endpoint', () => {
    values = { submissionEndpoint: a };
    secret = 'Bearer a';
    let isReadable = false;
    const secretStore = {
      read: () => {
        if (!isReadable) throw Object.assign(new Error('x'), { code: 'EIO' });
        return secret;
      },
      write: (value: string) => void (secret = value),
    };
    writeFileSync(join(dataDir, 'settings.json'), JSON.stringify(values));
    open({ secretStore }).update({ trashDays: 8 });
    expect(secret).toBe('Bearer a');
    open({ secretStore }).update({ submissionEndpoint: b });
    isReadable = true;
    expect(secret).toBe('');
  });

  test('that cannot be read can be removed', () => {
    secret = 'Bearer hush\u0001';
    const settings = open();
    settings.update({ submissionAuthHeader: '' });
    expect([secret, settings.problems()]).toEqual(['', []]);
  });

  test('that no header can carry is told without repeating it', () => {
    secret = 'Bearer hush\u0001';
    const settings = open();
    expect(settings.current().submissionAuthHeader).toBe('');
    expect(JSON.stringify(settings.problems())).not.toContain('hush');
  });
});

describe('--set', () => {
  test('holds for this run and is not stored', () => {
    const settings = open({ overrides: { submissionConcurrency: 9 } });
    settings.update({ trashDays: 8 });
    expect(settings.current()).toMatchObject({ submissionConcurrency: 9, trashDays: 8 });
    expect(values).toEqual({ trashDays: 8 });
    expect(settings.shown().overriddenBy).toEqual({ submissionConcurrency: 'set' });
  });

  test('a change of what it overrides is stored, and holds from the next run on', () => {
    const settings = open({ overrides: { submissionConcurrency: 9 } });
    const events: unknown[] = [];
    settings.onChange(() => events.push('changed'));
    expect(settings.update({ submissionConcurrency: 5 }).settings.submissionConcurrency).toBe(9);
    expect([values, events]).toEqual([{ submissionConcurrency: 5 }, []]);
  });

  test('a wrong value is refused at the start', () => {
    expect(() => open({ overrides: { submissionConcurrency: 11 } })).toThrow('submissionConcurrency cannot be 11');
    expect(() => open({ overrides: { nothing: 1 } })).toThrow('There is no setting "nothing"');
  });
});

describe('a disk that errs', () => {
  test('leaves the old settings, in memory and on disk', () => {
    const settings = open();
    settings.update({ submissionEndpoint: a, submissionAuthHeader: 'Bearer a' });
    let isFull = true;
    const backing: SettingsBacking = {
      read: () => values,
      write: (next) => {
        // As conf does on a full disk: no error, and half of it.
        values = isFull ? {} : next;
        isFull = false;
      },
    };
    const again = open({ backing });
    expect(() => again.update({ trashDays: 9 })).toThrow(
      'The settings could not be written: the disk reported an error (EIO). The old values stay.',
    );
    expect(again.current().trashDays).toBe(7);
    expect(again.update({ trashDays: 9 }).settings.trashDays).toBe(9);
  });

  test('that loses the new header keeps no header rather than a wrong one', () => {
    let isFull = false;
    const settings = open({
      secretStore: {
        read: () => secret,
        write: (value) => {
          if (isFull && value !== '') throw Object.assign(new Error('full'), { code: 'ENOSPC' });
          secret = value;
        },
      },
    });
    settings.update({ submissionEndpoint: a, submissionAuthHeader: 'Bearer a' });
    isFull = true;
    expect(() => settings.update({ submissionEndpoint: b, submissionAuthHeader: 'Bearer b' })).toThrow(
      'no space left on the disk',
    );
    expect([values['submissionEndpoint'], secret]).toEqual([a, '']);
  });
});

test('earlier states can be listed and brought back, the last ten of them', () => {
  const settings = open({ now: () => 1000 });
  for (let days = 8; days <= 19; days += 1) settings.update({ trashDays: days });
  const versions = settings.versions();
  expect(versions).toHaveLength(10);
  expect(versions[0]).toEqual({ version: 13, at: 1000, changed: ['trashDays'] });
  expect(settings.restoreVersion(12).settings.trashDays).toBe(18);
  expect(settings.versions()[0]?.version).toBe(14);
  expect(() => settings.restoreVersion(1)).toThrow('There is no version 1 of the settings any more; load the list again.');
});

function open(change: Partial<SettingsOptions> = {}) {
  return openSettings({
    dataDir,
    environment: {},
    log: { info: () => {}, warn: () => {} },
    backing: {
      read: () => values,
      write: (next) => {
        writes.push(`settings ${String(next['submissionEndpoint'])}`);
        values = next;
      },
    },
    secretStore: {
      read: () => secret,
      write: (value) => {
        writes.push(`secret ${value}`);
        secret = value;
      },
    },
    ...change,
  });
}
