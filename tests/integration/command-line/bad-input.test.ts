/**
 * What is malformed gets one clear sentence, or a place in the quarantine, and changes nothing else.
 * May import: tests/support.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCourier, submitJson } from '../../support/courier-process.ts';
import { startEndpoint } from '../../support/scripted-endpoint.ts';
import {
  contentsOf,
  dropFile,
  dropSession,
  makeDataDir,
  patientName,
  readStored,
  sessionFields,
} from '../../support/session-folder.ts';

describe.concurrent('files that are no sessions', () => {
  test('are quarantined with their reason, whole, and hold nobody up', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    const whole = JSON.stringify(sessionFields('truncated'));
    const bad: Record<string, string> = {
      'empty.json': '',
      'truncated.json': whole.slice(0, -40),
      'array.json': '[]',
      'number.json': '42',
      'not-json.json': `MSH|^~\\&|${patientName}`,
      'wrong-types.json': JSON.stringify(sessionFields('wrong-types', 0, { messages: 'MSH|', startTime: 'yesterday' })),
      'other-name.json': JSON.stringify(sessionFields('other-id')),
      'climbs.json': JSON.stringify(sessionFields('../../climbs')),
      'no-id.json': JSON.stringify({ ...sessionFields('x'), id: undefined }),
      'has space.json': JSON.stringify(sessionFields('has space')),
      '-dash.json': JSON.stringify(sessionFields('-dash')),
      'con.json': JSON.stringify(sessionFields('con')),
      'future.json': JSON.stringify(sessionFields('future', 0, { _version: 2 })),
      'odd-status.json': JSON.stringify(sessionFields('odd-status', 0, { submissionStatus: 'sent' })),
    };
    for (const [name, content] of Object.entries(bad)) dropFile(dataDir, name, content);
    dropFile(dataDir, 'binary.json', Buffer.from([0xff, 0xfe, 0x00, 0x01]));
    truncateSync(dropFile(dataDir, 'huge.json', '{"id":"huge"'), 200_000_000);
    dropFile(dataDir, 'notes.txt', 'not ours');
    dropSession(dataDir, 'good', 5);
    const { code, result, stderr } = await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    expect({ code, result }, stderr).toMatchObject({ code: 0, result: { submitted: 1, failed: 0, deferred: 0, pending: 0 } });
    expect(endpoint.ids()).toEqual(['good']);

    expect(readdirSync(join(dataDir, 'sessions')).sort()).toEqual(['good.json', 'notes.txt']);
    const quarantine = join(dataDir, 'quarantine');
    const names = [...Object.keys(bad), 'binary.json', 'huge.json'];
    expect(readdirSync(quarantine).filter((name) => !name.endsWith('.reason.txt'))).toHaveLength(names.length);
    for (const name of names) {
      const reason = readFileSync(join(quarantine, `${name}.reason.txt`), 'utf8');
      expect(reason.trim(), name).not.toBe('');
      expect(reason, name).not.toContain(patientName);
      if (bad[name] !== undefined) expect(readFileSync(join(quarantine, name), 'utf8')).toBe(bad[name]);
    }
    expect(statSync(join(quarantine, 'huge.json')).size).toBe(200_000_000);
    expect(stderr).toContain('other-name.json');
    expect(stderr).not.toContain(patientName);
    const status = await runCourier(['status', '--json', '--data-dir', dataDir]);
    expect(JSON.parse(status.stdout)).toMatchObject({ submitted: 1, pending: 0, quarantined: names.length });
  });

  test('folders, links and pipes named like sessions are left where they are and said once', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    dropSession(dataDir, 'good');
    const folder = join(dataDir, 'sessions');
    const outside = join(dataDir, 'outside.json');
    writeFileSync(outside, JSON.stringify(sessionFields('link')));
    mkdirSync(join(folder, 'folder.json'));
    symlinkSync(outside, join(folder, 'link.json'));
    symlinkSync(join(dataDir, 'nowhere'), join(folder, 'dangling.json'));
    const hasPipe = spawnSync('mkfifo', [join(folder, 'pipe.json')]).status === 0;
    const before = contentsOf(folder);
    const { code, result, stderr } = await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    expect({ code, result }, stderr).toMatchObject({ code: 0, result: { submitted: 1, pending: 0 } });
    expect(endpoint.ids()).toEqual(['good']);
    expect({ ...contentsOf(folder), 'good.json': '' }).toEqual({ ...before, 'good.json': '' });
    expect(readFileSync(outside, 'utf8')).toBe(JSON.stringify(sessionFieldsOf(outside)));
    for (const name of ['folder.json', 'link.json', 'dangling.json', ...(hasPipe ? ['pipe.json'] : [])])
      expect(stderr.split(name), name).toHaveLength(2);
    expect(existsSync(join(dataDir, 'quarantine', 'link.json'))).toBe(false);
  });

  test('a large session is delivered whole', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    dropSession(dataDir, 'large', 0, { messages: [`MSH|^~\\&|\rOBX|1|ED|${'A'.repeat(40_000_000)}\r`] });
    dropSession(dataDir, 'small', 1);
    const { code, stderr } = await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    expect(code, stderr).toBe(0);
    expect(endpoint.posts.find(({ id }) => id === 'large')?.text.length).toBeGreaterThan(40_000_000);
    expect(endpoint.posts).toHaveLength(2);
  });

  test('a clock that jumped does not lose a session: one from the future is delivered', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    const future = Date.now() + 10 * 365 * 86_400_000;
    dropSession(dataDir, 'future', 0, { startTime: future, endTime: future, _saved_at: future });
    dropSession(dataDir, 'accepted', 1, { submissionStatus: 'submitted', submittedAt: future });
    expect(await submitJson(dataDir, { submissionEndpoint: endpoint.url })).toMatchObject({ code: 0, result: { submitted: 1 } });
    expect(readStored(dataDir, 'future').submissionStatus).toBe('submitted');
  });
});

describe.concurrent('arguments and settings', () => {
  const set = (key: string, value: string) => ['submit', '--json', '--set', `${key}=${value}`];
  const refusals: { what: string; args: string[]; says: RegExp[]; hides?: string; environment?: Record<string, string> }[] = [
    { what: 'a key that does not exist', args: set('submissionEndpont', 'http://127.0.0.1/'), says: [/submissionEndpont/] },
    { what: 'a --set without a value', args: ['submit', '--set', 'dryRunMode'], says: [/key=value/i] },
    {
      what: 'an endpoint with credentials in it',
      args: set('submissionEndpoint', 'http://anna:hunter2@127.0.0.1/sessions'),
      says: [/submissionEndpoint/],
      hides: 'hunter2',
    },
    {
      what: 'an endpoint that is no http address',
      args: set('submissionEndpoint', 'ftp://127.0.0.1/'),
      says: [/submissionEndpoint/],
    },
    {
      what: 'an endpoint with a fragment',
      args: set('submissionEndpoint', 'http://127.0.0.1/#here'),
      says: [/submissionEndpoint/],
    },
    {
      what: 'a plain http endpoint on another machine',
      args: set('submissionEndpoint', 'http://lab.example/sessions'),
      says: [/allowInsecureEndpoint/],
    },
    {
      what: 'a header value with control characters',
      args: set('submissionAuthHeader', 'Bearer topsecret\r\nX-Evil: 1'),
      says: [/submissionAuthHeader/],
      hides: 'topsecret',
    },
    {
      what: 'a header value with control characters in the environment',
      args: ['submit'],
      environment: { HL7_COURIER_AUTH_HEADER: 'Bearer topsecret\u0007' },
      says: [/HL7_COURIER_AUTH_HEADER|submissionAuthHeader/],
      hides: 'topsecret',
    },
    {
      what: 'a value out of range',
      args: set('submissionConcurrency', '11'),
      says: [/submissionConcurrency/, /11/, /1-10|1 (and|to) 10/],
    },
    {
      what: 'a value of the wrong type',
      args: set('submissionIntervalMinutes', 'often'),
      says: [/submissionIntervalMinutes/, /often/, /60/],
    },
    { what: 'a status rule that is none', args: set('submissionStatusRules', '{"409":"fine"}'), says: [/submissionStatusRules/] },
  ];

  test.for(refusals)(
    '$what: one sentence, exit 2, nothing changed',
    async ({ args, says, hides, environment }, { onTestFinished }) => {
      const dataDir = makeDataDir(onTestFinished);
      dropSession(dataDir, 's001');
      writeFileSync(join(dataDir, 'settings.json'), '{"submissionConcurrency":3}');
      const before = contentsOf(dataDir);
      const [command = '', ...rest] = args;
      const { code, stdout, stderr } = await runCourier([command, '--data-dir', dataDir, ...rest], environment);
      expect(code, stderr).toBe(2);
      expect(stdout).toBe('');
      for (const words of says) expect(stderr).toMatch(words);
      expect(stderr.trim().split('\n'), stderr).toHaveLength(1);
      expect(stderr).not.toContain('    at ');
      if (hides !== undefined) expect(stderr).not.toContain(hides);
      const after = contentsOf(dataDir);
      for (const [name, content] of Object.entries(before)) expect(after[name], name).toBe(content);
    },
  );

  test.for([
    ['a command that does not exist', ['deliver'], /deliver/],
    ['an option that does not exist', ['submit', '--jsn'], /--jsn/],
    ['a port that is none', ['serve', '--port', '70000'], /port/i],
    ['retry with nothing to retry', ['retry', '--data-dir', '/nowhere/at/all'], /ID|--failed/],
    ['no command at all', [], /Usage/],
  ] as const)('%s: exit 2 and a word that helps', async ([, args, words]) => {
    const { code, stdout, stderr } = await runCourier(args);
    expect(code, stderr).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(words);
    expect(stderr).not.toContain('    at ');
  });

  test('a certificate file that is not there: exit 2, the file is named, nothing is sent without it', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    dropSession(dataDir, 's001');
    const { code, result, stderr } = await submitJson(dataDir, {
      submissionEndpoint: endpoint.url,
      submissionCaFile: '/nowhere/ca.pem',
    });
    expect({ code, result }).toMatchObject({ code: 2, result: { submitted: 0, pending: 1 } });
    expect(stderr).toMatch(/submissionCaFile.*\/nowhere\/ca\.pem/);
    expect(stderr).not.toContain('--set submissionEndpoint');
    expect(endpoint.posts).toEqual([]);
  });

  test('a data directory that is a file: exit 2 and a word that helps', async ({ onTestFinished }) => {
    const dataDir = join(makeDataDir(onTestFinished), 'file');
    writeFileSync(dataDir, 'a file');
    const { code, stdout, stderr } = await runCourier(['submit', '--json', '--data-dir', dataDir]);
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/data directory.*folder/);
    expect(stderr).not.toContain('    at ');
    expect(readFileSync(dataDir, 'utf8')).toBe('a file');
  });
});

const sessionFieldsOf = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
