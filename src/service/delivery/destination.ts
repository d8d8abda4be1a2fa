/**
 * Where sessions go: address, credentials, certificates, proxy and time limit as ONE value that never changes. An
 * attempt reads it once, so no POST goes to a new endpoint with the old header (design section 5).
 * The Authorization value and the address with its query live in a closure: a destination may be logged or inspected.
 * May import: node, got, src/common.
 */
import { createHmac, randomBytes } from 'node:crypto';
import * as http from 'node:http';
import type * as https from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import got, { type Request } from 'got';
import { CourierError } from '../../common/errors.ts';
import type { StatusRules } from '../../common/outcome.ts';
import { withoutCredentials, type Settings } from '../../common/settings.ts';
import { readCertificates, trustedAuthorities } from './certificates.ts';
import { makeAgent } from './connections.ts';
import { proxyFor, type Environment } from './proxy.ts';

/** POST carries a session; the others are for the check of an endpoint. */
export type Method = 'POST' | 'OPTIONS' | 'HEAD';

export interface Destination {
  /** Changes when endpoint, header, certificates or proxy change; comparable within this process, nothing can be read from it. */
  readonly key: string;
  /** The address as it may be shown: without query. */
  readonly shownUrl: string;
  /** FHIR reference for the body, or empty. */
  readonly performer: string;
  /** Bound of a whole attempt. */
  readonly timeoutMs: number;
  readonly statusRules: StatusRules;
  /** Whether a proxy lies between. */
  readonly isProxied: boolean;
  /** Whether requests carry an Authorization. */
  readonly isAuthorized: boolean;
  /** Begins one request and hands over its stream: `end(body)` sends it. The caller destroys it when it is done. */
  open(method: Method, headers: Readonly<Record<string, string>>): Request;
  /** What the check of an endpoint needs beside `open`. */
  route(): Route;
  /** Lets go of the connections, once the requests in flight have ended. */
  close(): void;
}

/** The way to the endpoint, piece by piece. Holds secrets: not to be kept or shown. */
export interface Route {
  endpoint: URL;
  proxy: URL | null;
  /** Present when endpoint or proxy is https. */
  secureContext: SecureContext | null;
}

export interface DestinationDeps {
  /** Value of `Authorization`; empty for none. */
  authHeader?: string;
  /** Where `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are looked up. */
  environment: Environment;
  /** How long an unused connection is kept, in ms. */
  idleMsMax?: number;
}

/** Shorter than the five seconds after which many servers close an idle connection, so that no POST meets a closing one. */
const idleMs = 4_000;
/** What keys are made with: fresh in each process, so that a key cannot be matched against guessed header values. */
const keySecret = randomBytes(32);

/**
 * The destination that the settings describe; null when `submissionEndpoint` is empty. Reads the PEM files now; the
 * certificate stores only when the first https request needs them.
 * @throws CourierError `ERR_SETTING_INVALID` for a file, a header or a proxy that cannot be used.
 */
export function makeDestination(settings: Settings, deps: DestinationDeps): Destination | null {
  if (settings.submissionEndpoint === '') return null;
  const { authHeader = settings.submissionAuthHeader, environment, idleMsMax = idleMs } = deps;
  const endpoint = new URL(settings.submissionEndpoint);
  assertHeaderValue(authHeader);
  const certificates = readCertificates(settings);
  const proxy = proxyFor(endpoint, settings.submissionProxy, environment);
  const timeoutMs = settings.submissionTimeoutSeconds * 1000;
  const secureContext = lazily(() =>
    endpoint.protocol === 'https:' || proxy?.protocol === 'https:'
      ? createSecureContext({
          ca: trustedAuthorities(certificates),
          ...(certificates.clientKey === '' ? {} : { cert: certificates.clientCertificate, key: certificates.clientKey }),
        })
      : null,
  );
  let agent: http.Agent | undefined;
  const client = lazily(() => {
    agent = makeAgent({ endpoint, proxy, secureContext: secureContext(), timeoutMs, idleMsMax });
    return makeClient(agent, authHeader);
  });
  let inFlight = 0;
  let isClosed = false;
  const letGo = () => {
    if (isClosed && inFlight === 0) agent?.destroy();
  };
  return Object.freeze({
    key: keyOf([endpoint.href, authHeader, ...Object.values(certificates), proxy?.href ?? '']),
    shownUrl: withoutCredentials(endpoint.href),
    performer: settings.submissionPerformer,
    timeoutMs,
    statusRules: settings.submissionStatusRules,
    isProxied: proxy !== null,
    isAuthorized: authHeader !== '',
    open(method: Method, headers: Readonly<Record<string, string>>): Request {
      const request = client().stream(endpoint, { method, headers });
      inFlight += 1;
      request.once('close', () => {
        inFlight -= 1;
        letGo();
      });
      return request;
    },
    route: (): Route => ({ endpoint, proxy, secureContext: secureContext() }),
    close(): void {
      isClosed = true;
      letGo();
    },
  });
}

function assertHeaderValue(authHeader: string): void {
  try {
    http.validateHeaderValue('authorization', authHeader);
  } catch {
    // Without its cause: Node's message is about the value.
    throw new CourierError(
      'ERR_SETTING_INVALID',
      'submissionAuthHeader holds a character that a header cannot carry; enter it again, without line breaks.',
    );
  }
}

const keyOf = (parts: readonly string[]): string =>
  createHmac('sha256', keySecret).update(JSON.stringify(parts)).digest('hex').slice(0, 32);

/** got as we need it: one attempt, no redirects, no cookies, nothing unpacked, and every status is an answer. */
function makeClient(agent: http.Agent, authHeader: string) {
  return got.extend({
    agent: { http: agent, https: agent as https.Agent },
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    headers: {
      'user-agent': 'hl7-courier',
      accept: 'application/problem+json, application/json, */*',
      'accept-encoding': 'identity',
      ...(authHeader === '' ? {} : { authorization: authHeader }),
    },
  });
}

/** `make` called at most once, when it is first asked for. */
function lazily<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
