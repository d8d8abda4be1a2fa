/**
 * What a command writes on the terminal, and what it keeps for the console.
 */
import { expect, test } from 'vitest';
import { makeLog } from '../../../src/service/log.ts';

test('what is less severe than the stream’s level is kept and not written, unless everything is asked for', () => {
  const written: string[] = [];
  const log = makeLog({ level: 'info', streamLevel: 'warn', pretty: true, stream: { write: (line) => written.push(line) } });
  log.info({}, 'quiet');
  log.warn({}, 'loud');
  expect(written.join('')).not.toContain('quiet');
  expect(written.join('')).toContain('loud');
  expect(log.recent().map(({ message }) => message)).toEqual(['loud', 'quiet']);
  log.setLevel('debug');
  log.debug({}, 'all of it');
  expect(written.join('')).toContain('all of it');
});
