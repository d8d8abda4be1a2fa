/**
 * The log: what a line looks like, what never gets into one, and what the console can ask for.
 */
import { describe, expect, test } from 'vitest';
import { logLine } from '../../../src/common/console.ts';
import { CourierError } from '../../../src/common/errors.ts';
import { linesKeptMax, makeLog, type LogOptions } from '../../../src/service/log.ts';

const at = new Date(2026, 10, 24, 10, 0, 5).getTime();

describe('a line', () => {
  test('is JSON with level, time, message and fields', () => {
    const { log, output } = logTo();
    log.warn({ freeMb: 120, isLow: true, disk: 'data' }, 'The disk is nearly full.');
    expect(JSON.parse(output[0] ?? '')).toEqual({
      level: 'warn',
      time: at,
      freeMb: 120,
      isLow: true,
      disk: 'data',
      msg: 'The disk is nearly full.',
    });
  });

  test('is plain English on a terminal, and one line whatever a field holds', () => {
    const { log, output } = logTo({ pretty: true });
    log.warn({}, 'The disk is nearly full.');
    log.room('store').error({ sessionId: 's1', name: 'a\n\u001B[31mb' }, 'Not written.');
    expect(output).toEqual([
      '2026-11-24 10:00:05 warn  The disk is nearly full.\n',
      '2026-11-24 10:00:05 error Not written.  (room: store, sessionId: s1, name: a  [31mb)\n',
    ]);
  });

  test('below the level is not written, and the level can change', () => {
    const { log, output } = logTo({ level: 'warn' });
    log.info({}, 'one');
    log.setLevel('debug');
    log.debug({}, 'two');
    log.room('capture').info({}, 'three');
    expect(output.map((line) => JSON.parse(line).msg)).toEqual(['two', 'three']);
  });

  test('is written once for a key', () => {
    const { log, output } = logTo();
    log.once('endpoint.missing', 'info', {}, 'No endpoint is set.');
    log.room('delivery').once('endpoint.missing', 'info', {}, 'No endpoint is set.');
    log.once('other', 'info', {}, 'Other.');
    expect(output).toHaveLength(2);
  });
});

describe('what never gets into a line', () => {
  test('values by the name of a secret or of message content', () => {
    const { log, output } = logTo();
    const names = ['authorization', 'submissionAuthHeader', 'messages', 'content', 'decodedMessage', 'hexData', 'body', 'token'];
    log.info(Object.fromEntries(names.map((name) => [name, 'DOE^JANE'])), 'Something.');
    expect(output[0]).not.toContain('DOE');
    expect(JSON.parse(output[0] ?? '')).toMatchObject({ token: '[redacted]', hexData: '[redacted]' });
  });

  test('anything nested, and the tail of anything long', () => {
    const { log, output } = logTo();
    log.info(
      { headers: { authorization: 'hush' }, list: ['hush'], missing: undefined, none: null, long: 'x'.repeat(999) },
      'Something.',
    );
    const { time: _time, level: _level, msg: _msg, ...fields } = JSON.parse(output[0] ?? '');
    expect(fields).toEqual({ headers: '[not shown]', list: '[not shown]', long: 'x'.repeat(300) });
  });

  test('the message of an error that is not ours, nor the folders it comes from', () => {
    const { log, output } = logTo();
    log.error({ err: new SyntaxError('Unexpected token in PID|1||DOE^JANE') }, 'A session could not be read.');
    log.error({ err: Object.assign(new Error('open /home/jane/x'), { code: 'ENOENT', stack: undefined }) }, 'No file.');
    expect(output.join('')).not.toMatch(/DOE|jane|\/tests\//);
    expect(JSON.parse(output[0] ?? '')).toMatchObject({
      errorName: 'SyntaxError',
      errorPlace: expect.stringContaining('log.test.ts:'),
    });
    expect(JSON.parse(output[1] ?? '')).toMatchObject({ errorName: 'Error', errorCode: 'ENOENT', errorPlace: '' });
  });

  test('our own errors are told as they are', () => {
    const { log, output } = logTo();
    log.error({ err: new CourierError('ERR_STORE_OWNED', 'Another service owns the folder.') }, 'Not started.');
    expect(JSON.parse(output[0] ?? '')).toMatchObject({
      errorCode: 'ERR_STORE_OWNED',
      reason: 'Another service owns the folder.',
    });
  });
});

describe('what the console can ask for', () => {
  test('the latest lines first, by severity, by text and up to a number', () => {
    const { log } = logTo({ level: 'debug' });
    log.debug({}, 'Looked for sessions.');
    log.room('delivery').warn({ sessionId: 's1', attempt: 2 }, 'Delivery failed.');
    log.error({}, 'Delivery stopped.');
    const all = log.recent();
    expect(all.map((line) => line.seq)).toEqual([3, 2, 1]);
    expect(all.map((line) => logLine.parse(line))).toEqual(all);
    expect(all[1]).toEqual({
      seq: 2,
      at,
      level: 'warn',
      message: 'Delivery failed.',
      room: 'delivery',
      sessionId: 's1',
      details: { attempt: 2 },
    });
    expect(log.recent({ level: 'warn' }).map((line) => line.seq)).toEqual([3, 2]);
    expect(log.recent({ text: 'DELIVERY', limit: 1 }).map((line) => line.seq)).toEqual([3]);
    expect(log.recent({ limit: 0 })).toEqual([]);
    for (const text of ['s1', 'attempt 2', 'fail']) expect(log.recent({ text }).map((line) => line.seq)).toEqual([2]);
  });

  test('a bounded number of lines is kept', () => {
    const { log } = logTo();
    for (let count = 0; count < linesKeptMax + 1_500; count += 1) log.info({}, 'line');
    const kept = log.recent({ limit: 100_000 });
    expect([kept.length, kept[0]?.seq, kept.at(-1)?.seq]).toEqual([linesKeptMax, linesKeptMax + 1_500, 1_501]);
  });

  test('lines as they come, until it has heard enough', () => {
    const { log } = logTo();
    const heard: string[] = [];
    const end = log.onLine((line) => heard.push(line.message));
    log.info({}, 'one');
    end();
    log.info({}, 'two');
    expect(heard).toEqual(['one']);
  });
});

function logTo(change: Partial<LogOptions> = {}) {
  const output: string[] = [];
  const log = makeLog({ level: 'info', stream: { write: (text) => output.push(text) }, now: () => at, ...change });
  return { log, output };
}
