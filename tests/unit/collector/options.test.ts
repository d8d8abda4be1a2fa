/**
 * The collector's command line.
 */
import { expect, test } from 'vitest';
import { urlOf } from '../../../src/collector/addresses.ts';
import { collectorCommand } from '../../../src/collector/options.ts';
import { isPostgresAddress } from '../../../src/collector/open-storage.ts';
import { shownDatabase } from '../../../src/collector/postgres-storage.ts';

test('without flags the collector listens on this computer, at port 8787, with a file', () => {
  expect(collectorCommand([], {})).toEqual({
    type: 'run',
    isJson: false,
    options: {
      port: 8787,
      host: '127.0.0.1',
      db: 'hl7-collector.db',
      path: '/sessions',
      authorization: '',
      bodyLimitBytes: 64 * 1024 * 1024,
    },
  });
});

test('every flag is taken, and the flag wins over the environment', () => {
  const flags = '--port 0 --host ::1 --db postgres://h/d --path /in --max-body-mb 1 --json --authorization'.split(' ');
  const environment = { HL7_COLLECTOR_AUTHORIZATION: 'Bearer environment' };
  expect(collectorCommand([...flags, 'Bearer flag'], environment)).toMatchObject({
    isJson: true,
    options: {
      port: 0,
      host: '::1',
      db: 'postgres://h/d',
      path: '/in',
      authorization: 'Bearer flag',
      bodyLimitBytes: 1024 * 1024,
    },
  });
  expect(collectorCommand([], environment)).toMatchObject({ options: { authorization: 'Bearer environment' } });
  expect(collectorCommand(['--port', 'x', '--help'], {})).toEqual({ type: 'help' });
});

test.each([
  [['--prot', '1'], 'There is no flag --prot; --help lists them.'],
  [['--authorizaton=Bearer s3cret'], 'There is no flag --authorizaton; --help lists them.'],
  [
    ['--authorization', 'Bearer', 's3cret'],
    'The collector takes flags only; a value with a space in it needs quotes. See --help.',
  ],
  [['--port'], '--port is used in the wrong way; --help says how.'],
  [['--json=1'], '--json is used in the wrong way; --help says how.'],
  [['--port', '65536'], '--port must be a whole number 0-65535, not "65536".'],
  [['--port', '-1'], '--port is used in the wrong way; --help says how.'],
  [['--port', '1e3'], '--port must be a whole number 0-65535, not "1e3".'],
  [['--max-body-mb', '0'], '--max-body-mb must be a whole number 1-256, not "0".'],
  [['--db', ''], '--db must not be empty.'],
  [['--host', ''], '--host must not be empty.'],
  [['--path', 'sessions'], '--path must begin with "/" and hold only letters, digits and / _ . ~ -'],
  [['--path', '/:id'], '--path must begin with "/" and hold only letters, digits and / _ . ~ -'],
  [
    ['--authorization', ''],
    '--authorization must be the value of an Authorization header, in ASCII and without spaces at its ends.',
  ],
  [
    ['--authorization', 's3cret\n'],
    '--authorization must be the value of an Authorization header, in ASCII and without spaces at its ends.',
  ],
])('%j is refused in one sentence', (args, message) => {
  expect(() => collectorCommand(args, {})).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID', message }));
});

test('an empty header in the environment does not open the collector to everyone', () => {
  expect(() => collectorCommand([], { HL7_COLLECTOR_AUTHORIZATION: '' })).toThrow(
    'HL7_COLLECTOR_AUTHORIZATION must be the value of an Authorization header',
  );
});

test('a database is told by its address, and shown without its password', () => {
  expect(['postgres://h/d', 'postgresql://h/d', 'postgres.db', 'folder/file.db'].map(isPostgresAddress)).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(shownDatabase('postgres://user:s3cret@db.example:5432/lab')).toBe('db.example:5432/lab');
  expect(shownDatabase('postgres:///lab?host=/run/postgresql')).toBe('the local socket/lab');
  expect(shownDatabase('postgres://user:s3cret@:x/')).toBe('the given address');
});

test('the address to open is one that this computer can reach', () => {
  const bound = { address: '', family: '', port: 8787 };
  expect(['127.0.0.1', '0.0.0.0', '::', '::1', 'lab.example'].map((host) => urlOf(bound, host))).toEqual([
    'http://127.0.0.1:8787',
    'http://127.0.0.1:8787',
    'http://[::1]:8787',
    'http://[::1]:8787',
    'http://lab.example:8787',
  ]);
  expect(urlOf(null, 'localhost')).toBe('http://localhost:0');
});
