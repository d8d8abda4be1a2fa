/**
 * A throw-away PostgreSQL cluster for tests: its files in a temporary folder, its port free and on loopback only. Root
 * may not run PostgreSQL: then an unprivileged user does.
 */
import { execFile, execFileSync, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';

/** Where Debian, Fedora, Homebrew and the installers put a server that is not on the PATH; the newest comes first. */
function versionedFolders(parent: string, rest: string): string[] {
  if (!existsSync(parent)) return [];
  const newestFirst = readdirSync(parent).sort((one, other) => Number.parseFloat(other) - Number.parseFloat(one));
  return newestFirst.map((version) => join(parent, version, rest));
}

/** The folder that holds `initdb` and `postgres`; null when there is none. */
function postgresFolder(): string | null {
  const candidates = [
    ...versionedFolders('/usr/lib/postgresql', 'bin'),
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/pgsql/bin',
    '/opt/homebrew/bin',
    ...versionedFolders('C:/Program Files/PostgreSQL', 'bin'),
  ];
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return candidates.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name + suffix)))) ?? null;
}

/** Why the tests cannot have a PostgreSQL; null when they can. */
export const postgresMissing: string | null =
  postgresFolder() === null
    ? 'No PostgreSQL server was found (initdb and postgres on the PATH or in /usr/lib/postgresql/*/bin), so these tests did not run.'
    : null;

export interface TestPostgres {
  /** `postgres://...` of an empty database. */
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** The user and group to run as when we are root; null: as ourselves. */
function unprivileged(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: string, user: string) => Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }));
  for (const user of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', user), gid: idOf('-g', user) };
    } catch {
      // There is no such user here: the next one.
    }
  }
  throw new Error('root cannot run PostgreSQL, and there is neither a user "postgres" nor "nobody"');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Starts a cluster, and waits until it answers. Its data is not synced: a test does not outlive a power cut. */
export async function startPostgres(): Promise<TestPostgres> {
  const folder = postgresFolder();
  if (folder === null) throw new Error('no PostgreSQL server on this machine');
  // A short path: the name of a Unix socket in it has at most 107 bytes.
  const home = mkdtempSync(join(tmpdir(), 'courier-pg-'));
  const owner = unprivileged();
  if (owner !== null) chownSync(home, owner.uid, owner.gid);
  const as = { cwd: home, ...owner };
  const initdb = ['-D', join(home, 'data'), '-U', 'courier', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await promisify(execFile)(join(folder, 'initdb'), initdb, as);
  for (;;) {
    const started = await startServer(join(folder, 'postgres'), home, as);
    if ('url' in started) return started;
    // PostgreSQL wants a number for its port: what was free when it was looked for may be another process's by now.
    if (/could not bind/.test(started.said)) continue;
    await rm(home, { recursive: true, force: true });
    throw new Error(`PostgreSQL did not start: ${started.said}`);
  }
}

/** @returns what it said, when it ended instead of answering. */
async function startServer(program: string, home: string, as: SpawnOptions): Promise<TestPostgres | { said: string }> {
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${home}`, 'fsync=off'].flatMap((one) => ['-c', one]);
  const server = spawn(program, ['-D', join(home, 'data'), '-p', String(port), ...settings], {
    ...as,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  server.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  let hasEnded = false;
  const ended = once(server, 'close').then(() => (hasEnded = true));
  const url = `postgres://courier@127.0.0.1:${port}/postgres`;
  while (!(await answers(url))) {
    if (hasEnded) return { said };
    await sleep(100);
  }
  const stop = async () => {
    server.kill('SIGINT'); // fast shutdown
    await ended;
    await rm(home, { recursive: true, force: true });
  };
  return { url, pid: server.pid ?? 0, stop };
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
