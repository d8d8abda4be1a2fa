/**
 * Certificates for tests, made by the openssl command line in a fresh folder: an authority, a server for `localhost` and
 * 127.0.0.1, and a client.
 * May import: node.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestCertificates {
  folder: string;
  caFile: string;
  serverCertFile: string;
  serverKeyFile: string;
  clientCertFile: string;
  clientKeyFile: string;
  read(path: string): Buffer;
  /** A certificate of a client with a key of its own, by the same authority. */
  renewClient(): { cert: Buffer; key: Buffer };
  remove(): void;
}

/** Why certificates cannot be made here; null when they can. */
export function opensslMissing(): string | null {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'the openssl command is not installed';
  }
}

export function makeCertificates(): TestCertificates {
  const folder = mkdtempSync(join(tmpdir(), 'courier-certificates-'));
  const path = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca-key.pem', '-out', 'ca.pem', '-subj', '/CN=Test Authority', '-days', '30');
  const issue = (name: string, subject: string, extension: string) => {
    writeFileSync(path(`${name}.cnf`), extension);
    openssl('req', ...key, '-keyout', `${name}-key.pem`, '-out', `${name}.csr`, '-subj', subject);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '30', '-extfile', `${name}.cnf`];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signed);
  };
  issue('server', '/CN=localhost', 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  issue('client', '/CN=workstation-7', 'extendedKeyUsage=clientAuth\n');
  return {
    folder,
    caFile: path('ca.pem'),
    serverCertFile: path('server.pem'),
    serverKeyFile: path('server-key.pem'),
    clientCertFile: path('client.pem'),
    clientKeyFile: path('client-key.pem'),
    read: (file) => readFileSync(file),
    renewClient() {
      issue('renewed', '/CN=workstation-7', 'extendedKeyUsage=clientAuth\n');
      return { cert: readFileSync(path('renewed.pem')), key: readFileSync(path('renewed-key.pem')) };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
