/**
 * The certificates of a connection: whom we trust, and who we say we are. Hospital networks have their own authority
 * and ask for client certificates.
 * May import: node, src/common, src/service/store (words for errors).
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates } from 'node:tls';
import { CourierError } from '../../common/errors.ts';
import type { Settings, SettingKey } from '../../common/settings.ts';
import { errnoWords } from '../store/file-system.ts';

/** PEM text as the settings name it; empty where a setting is. */
export interface Certificates {
  authorities: string;
  clientCertificate: string;
  clientKey: string;
}

/**
 * Reads the PEM files that the settings name.
 * @throws CourierError `ERR_SETTING_INVALID` naming setting and path when a file cannot be read, is not PEM, or the key
 *   does not belong to the certificate.
 */
export function readCertificates(settings: Settings): Certificates {
  const { submissionCaFile, submissionClientCertFile, submissionClientKeyFile } = settings;
  const authorities = readPem('submissionCaFile', submissionCaFile, 'a certificate in PEM form', checkCertificates);
  const clientCertificate = readPem(
    'submissionClientCertFile',
    submissionClientCertFile,
    'a certificate in PEM form',
    checkCertificates,
  );
  const clientKey = readPem(
    'submissionClientKeyFile',
    submissionClientKeyFile,
    'a private key in PEM form without a passphrase',
    (pem) => void createPrivateKey(pem),
  );
  if (clientKey !== '') assertPair(settings, clientCertificate, clientKey);
  return { authorities, clientCertificate, clientKey };
}

/** Tried out now, so that a key that OpenSSL will not take is a matter of the settings and not of every attempt. */
function assertPair(settings: Settings, cert: string, key: string): void {
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) throw new TypeError('not a pair');
    createSecureContext({ cert, key });
  } catch {
    throw new CourierError(
      'ERR_SETTING_INVALID',
      `submissionClientKeyFile: the key in "${settings.submissionClientKeyFile}" cannot be used with the certificate in "${settings.submissionClientCertFile}"; name the pair that belongs together.`,
    );
  }
}

function readPem(setting: SettingKey, path: string, what: string, check: (pem: string) => void): string {
  if (path === '') return '';
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CourierError(
      'ERR_SETTING_INVALID',
      `${setting}: "${path}" cannot be read: ${errnoWords(error)}; correct the path or the file's permissions.`,
      {
        cause: error,
      },
    );
  }
  try {
    check(pem);
    return pem;
  } catch {
    // Without its cause: an error of OpenSSL may repeat what it read.
    throw new CourierError('ERR_SETTING_INVALID', `${setting}: "${path}" is not ${what}; name another file.`);
  }
}

function checkCertificates(pem: string): void {
  const blocks = certificatesIn(pem);
  const begun = pem.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/g) ?? [];
  // One that has no end was cut short: somebody is writing it now.
  if (blocks.length === 0 || blocks.length !== begun.length) throw new TypeError('no certificate');
  for (const block of blocks) void new X509Certificate(block);
}

const certificatesIn = (pem: string): string[] =>
  pem.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? [];

/** Every authority we trust: Node's own, those of NODE_EXTRA_CA_CERTS, the system's, and those of `submissionCaFile`. */
export function trustedAuthorities({ authorities }: Certificates): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...certificatesIn(authorities)])];
}
