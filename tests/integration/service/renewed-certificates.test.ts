/**
 * Certificates that are renewed in their files while the service runs, as cron does it in hospitals: with a real server
 * that asks for client certificates.
 */
import { X509Certificate } from 'node:crypto';
import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeLog } from '../../../src/service/log.ts';
import { openService } from '../../../src/service/service.ts';
import { makeCertificates, opensslMissing } from '../../support/certificates.ts';
import { until } from '../../support/courier-process.ts';
import { serveEndpoint } from '../../support/endpoint-server.ts';
import { dropSessions, makeDataDir, statusCounts } from '../../support/session-folder.ts';

const missing = opensslMissing();
if (missing !== null) console.log(`Not run, because ${missing}: certificates that are renewed.`);

describe.skipIf(missing !== null)('certificates that are renewed in their files', () => {
  test('are used at once when they fit; half a pair keeps the old one, and is told until it fits', async () => {
    const { certificates, server, accept, seenSerials, service, log, dataDir, problems } = await world({ retries: 1 });
    const old = serialOf(certificates.read(certificates.clientCertFile));
    await service.start();
    await until('the old certificate is refused', async () => (await service.status()).circuit?.state === 'open');
    const renewed = certificates.renewClient();
    accept(serialOf(renewed.cert));

    writeFileSync(certificates.clientKeyFile, renewed.key);
    service.look();
    expect(await problems()).toMatchObject([
      {
        code: 'certificates.unusable',
        message: expect.stringMatching(/^submissionClientKeyFile: .* Until then the certificates read before stay in use\.$/),
      },
    ]);
    const before = server.seen.length;
    service.worker.triggerNow();
    await until('the old pair was used once more', () => server.seen.length > before);
    await until('that cycle is over', async () => (await service.status()).worker?.state === 'idle');
    expect(new Set(seenSerials)).toEqual(new Set([old]));

    writeFileSync(certificates.clientCertFile, certificates.read(certificates.clientCertFile).subarray(0, 200));
    service.look();
    expect((await problems())[0]?.message).toMatch(/^submissionClientCertFile: ".*" is not a certificate in PEM form/);

    // The last piece: without a trigger, without a change of the settings.
    replaceFile(certificates.clientCertFile, renewed.cert);
    service.look();
    await until('all is delivered', () => statusCounts(dataDir)['submitted'] === 3);
    expect(await problems()).toEqual([]);
    expect(seenSerials.at(-1)).toBe(serialOf(renewed.cert));
    expect(log.join('')).toContain('The certificates were renewed');
    expect(log.join('')).not.toContain('PRIVATE');
  });

  test.for(['at the begin of a cycle', 'by the service itself between two'])('are read again %s', async (when) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { certificates, accept, service, dataDir } = await world({ retries: 1 });
    await service.start();
    await until('the old certificate is refused', async () => (await service.status()).circuit?.state === 'open');
    const renewed = certificates.renewClient();
    accept(serialOf(renewed.cert));
    replaceFile(certificates.clientKeyFile, renewed.key);
    replaceFile(certificates.clientCertFile, renewed.cert);
    if (when === 'at the begin of a cycle') service.worker.triggerNow();
    else vi.advanceTimersByTime(15_000);
    await until('all is delivered', () => statusCounts(dataDir)['submitted'] === 3);
  });

  test('that were touched only change nothing', async () => {
    const { certificates, service, log } = await world({ retries: 1 });
    const before = service.destination;
    replaceFile(certificates.clientCertFile, certificates.read(certificates.clientCertFile));
    service.look();
    expect(service.destination).toBe(before);
    expect(log.join('')).not.toContain('renewed');
  });

  test('that were not there at the start are used as soon as they are', async () => {
    const { certificates, accept, service, dataDir, problems, away } = await world({ retries: 1, isCaAway: true });
    accept(serialOf(certificates.read(certificates.clientCertFile)));
    await service.start();
    service.look();
    expect(await problems()).toMatchObject([{ code: 'endpoint.unusable' }]);
    writeFileSync(certificates.caFile, 'not a certificate yet');
    service.look();
    expect(await problems()).toMatchObject([
      { code: 'endpoint.unusable', message: expect.stringContaining('is not a certificate') },
    ]);
    copyFileSync(away, certificates.caFile);
    service.look();
    await until('all is delivered', () => statusCounts(dataDir)['submitted'] === 3);
    expect(await problems()).toEqual([]);
  });
});

/** A service with three sessions, and an endpoint that knows one client certificate by its serial number. */
async function world({ retries, isCaAway = false }: { retries: number; isCaAway?: boolean }) {
  const certificates = makeCertificates();
  onTestFinished(() => certificates.remove());
  const { caFile, clientCertFile, clientKeyFile, serverCertFile, serverKeyFile } = certificates;
  const ca = certificates.read(caFile);
  const away = join(certificates.folder, 'away.pem');
  if (isCaAway) renameSync(caFile, away);
  let accepted = '';
  const seenSerials: string[] = [];
  const server = await serveEndpoint(
    (_request, response, socket) => {
      const { serialNumber } = (socket as TLSSocket).getPeerCertificate();
      seenSerials.push(serialNumber);
      response.writeHead(serialNumber === accepted ? 201 : 403).end();
    },
    {
      cert: certificates.read(serverCertFile),
      key: certificates.read(serverKeyFile),
      ca,
      requestCert: true,
      rejectUnauthorized: true,
    },
  );
  onTestFinished(() => server.close());
  const dataDir = makeDataDir();
  dropSessions(dataDir, 's', 3);
  const log: string[] = [];
  const service = await openService({
    dataDir,
    command: 'serve',
    overrides: {
      submissionEndpoint: `${server.url}/`,
      submissionCaFile: caFile,
      submissionClientCertFile: clientCertFile,
      submissionClientKeyFile: clientKeyFile,
      submissionMaxRetries: retries,
      submissionBackoffJitter: 0,
    },
    environment: {},
    version: '0.0.0',
    log: makeLog({ level: 'debug', stream: { write: (line) => log.push(line) } }),
  });
  onTestFinished(() => service.stop());
  return {
    certificates,
    server,
    seenSerials,
    service,
    log,
    dataDir,
    away,
    accept: (serial: string) => void (accepted = serial),
    problems: async () => (await service.status()).problems ?? [],
  };
}

const serialOf = (cert: Buffer): string => new X509Certificate(cert).serialNumber;

/** As careful programs do it: written beside, then renamed. */
function replaceFile(path: string, content: Buffer): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}
