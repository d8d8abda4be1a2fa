/**
 * What an operator reads when no answer came: our own words and a code, never the text of a library, a server or the
 * operating system, which may hold addresses, paths or header values.
 * May import: src/common.
 */
import type { Outcome } from '../../common/outcome.ts';

const untrusted = 'the certificate is not trusted';
const words: Record<string, string> = {
  ABORTED: 'stopped before the answer came',
  CERT_HAS_EXPIRED: `${untrusted}: it has expired`,
  CERT_NOT_YET_VALID: `${untrusted}: it is not valid yet; is the clock right?`,
  CERT_REVOKED: `${untrusted}: it was revoked`,
  DEPTH_ZERO_SELF_SIGNED_CERT: `${untrusted}: it is self-signed; name it in submissionCaFile`,
  EADDRNOTAVAIL: 'this computer has no address to connect from',
  EAI_AGAIN: 'the name server does not answer',
  ECONNABORTED: 'the connection was dropped before the answer came',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset before the answer came',
  EHOSTDOWN: 'the host is down',
  EHOSTUNREACH: 'there is no way to the host',
  EMFILE: 'this computer has too many open files',
  ENETDOWN: 'the network is down',
  ENETUNREACH: 'there is no way to the network',
  ENFILE: 'this computer has too many open files',
  ENOTFOUND: 'the host name is not known',
  EPIPE: 'the connection was closed before the answer came',
  EPROTO: 'the TLS handshake failed',
  ERR_ANSWER_CUT_SHORT: 'the answer was cut short',
  ERR_PROXY_TUNNEL: 'the proxy does not connect us to the endpoint',
  ERR_TLS_CERT_ALTNAME_INVALID: `${untrusted}: it is for another host name`,
  ETIMEDOUT: 'the host does not answer',
  SELF_SIGNED_CERT_IN_CHAIN: `${untrusted}: its authority is unknown here; name it in submissionCaFile`,
  UNABLE_TO_GET_ISSUER_CERT: `${untrusted}: its authority is unknown here; name it in submissionCaFile`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `${untrusted}: its authority is unknown here; name it in submissionCaFile`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `${untrusted}: its authority is unknown here; name it in submissionCaFile`,
};
/** Families of codes: those of OpenSSL and of the HTTP parser go into the hundreds. */
const families: [RegExp, string][] = [
  [/^ERR_SSL_.*CERTIFICATE/, 'the endpoint does not take our client certificate, or wants one'],
  [/^ERR_SSL_.*WRONG_VERSION_NUMBER/, 'there is no TLS at this address; is it a plain http address?'],
  [/^(ERR_SSL_|ERR_TLS_)/, 'the TLS handshake failed'],
  [/^CERT_|_CERT(_|$)/, untrusted],
  [/^HPE_/, 'the answer is not HTTP'],
];

/** The words for a network error's code, without a capital and a full stop. */
export function networkErrorWords(code: string): string {
  return words[code] ?? families.find(([pattern]) => pattern.test(code))?.[1] ?? 'no answer came';
}

/** The code of anything thrown, in plain letters; `UNKNOWN` when it has none. */
export function networkErrorCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const plain = typeof code === 'string' ? code.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_') : '';
  return /^[A-Z]/.test(plain) ? plain.slice(0, 64) : 'UNKNOWN';
}

/** The outcome of an attempt that nobody heard, or of which nobody knows whether it was heard. */
export function unheard(code: string, sentence = networkErrorWords(code)): Outcome {
  return { kind: 'unheard', code, error: `${sentence} (${code})` };
}
