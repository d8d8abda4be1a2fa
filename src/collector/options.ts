/**
 * The collector's command line: flags in, options out, or one sentence that says what is wrong with them.
 * May import: src/common, node.
 */
import { parseArgs } from 'node:util';
import { CourierError } from '../common/errors.ts';
import type { CollectorOptions } from './collector.ts';

export const helpText = `Usage: hl7-courier collector [options]

The reference endpoint: keeps every session that a courier POSTs, once.

  --port N               TCP port (default 8787; 0: any free one)
  --host ADDRESS         address to listen on (default 127.0.0.1: this computer only)
  --db FILE              SQLite file, made if there is none (default hl7-collector.db)
  --db postgres://...    PostgreSQL database, for several collectors on one database
  --path PATH            where sessions are POSTed (default /sessions)
  --authorization VALUE  require this Authorization header, such as "Bearer ..."; better kept
                         in the environment variable HL7_COLLECTOR_AUTHORIZATION
  --max-body-mb N        largest body in MB, 1-256 (default 64)
  --json                 print one JSON line {"url", "endpoint", "pid"} to stdout when ready
  --help                 print this
`;

export type CollectorCommand = { type: 'help' } | { type: 'run'; isJson: boolean; options: Omit<CollectorOptions, 'log'> };

const refused = (message: string, cause?: unknown): CourierError => new CourierError('ERR_ARGUMENT_INVALID', message, { cause });

function parsedFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        db: { type: 'string' },
        path: { type: 'string' },
        authorization: { type: 'string' },
        'max-body-mb': { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    // Node's sentences name the flag. A stray argument is not repeated: it may be the second half of a secret.
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL')
      throw refused('The collector takes flags only; a value with a space in it needs quotes. See --help.', cause);
    const flag = /'(-[^' =]*)/.exec(cause instanceof Error ? cause.message : '')?.[1] ?? 'a flag';
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') throw refused(`There is no flag ${flag}; --help lists them.`, cause);
    throw refused(`${flag} is used in the wrong way; --help says how.`, cause);
  }
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (value < min || value > max) throw refused(`${flag} must be a whole number ${min}-${max}, not "${text.slice(0, 40)}".`);
  return value;
}

function checkedPath(path: string): string {
  if (!/^\/[A-Za-z0-9/_.~-]*$/.test(path) || path.length > 256)
    throw refused('--path must begin with "/" and hold only letters, digits and / _ . ~ -');
  return path;
}

function checkedAuthorization(flag: string | undefined, environment: string | undefined): string {
  const name = flag === undefined ? 'HL7_COLLECTOR_AUTHORIZATION' : '--authorization';
  const value = flag ?? environment;
  if (value === undefined) return '';
  // Empty would mean an open collector: whoever set it meant something else.
  if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value))
    throw refused(`${name} must be the value of an Authorization header, in ASCII and without spaces at its ends.`);
  return value;
}

const notEmpty = (flag: string, text: string): string => {
  if (text === '') throw refused(`${flag} must not be empty.`);
  return text;
};

/**
 * @param args what follows the command's name.
 * @throws CourierError `ERR_ARGUMENT_INVALID`; its message never holds the authorization or a database's password.
 */
export function collectorCommand(args: readonly string[], environment: NodeJS.ProcessEnv): CollectorCommand {
  const flags = parsedFlags(args);
  if (flags.help === true) return { type: 'help' };
  return {
    type: 'run',
    isJson: flags.json === true,
    options: {
      port: wholeNumber('--port', flags.port ?? '8787', 0, 65_535),
      host: notEmpty('--host', flags.host ?? '127.0.0.1'),
      db: notEmpty('--db', flags.db ?? 'hl7-collector.db'),
      path: checkedPath(flags.path ?? '/sessions'),
      authorization: checkedAuthorization(flags.authorization, environment['HL7_COLLECTOR_AUTHORIZATION']),
      bodyLimitBytes: wholeNumber('--max-body-mb', flags['max-body-mb'] ?? '64', 1, 256) * 1024 * 1024,
    },
  };
}
