/**
 * Which proxy a request goes through: the setting, or the environment variables that every tool of a hospital network
 * knows. Decided here once, so that the delivery and the check of an endpoint go the same way.
 * May import: node, src/common.
 */
import { BlockList, isIP } from 'node:net';
import { CourierError } from '../../common/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for an endpoint, or null for a direct connection.
 * @param setting `submissionProxy`; when set it holds for every host, and the environment is not looked at.
 * @param environment `HTTPS_PROXY` or `HTTP_PROXY` by the endpoint's scheme, and `NO_PROXY`; lower case wins, as in curl.
 * @throws CourierError `ERR_SETTING_INVALID` naming where the unusable address comes from, never the address.
 */
export function proxyFor(endpoint: URL, setting: string, environment: Environment): URL | null {
  if (setting !== '') return proxyUrl(setting, 'submissionProxy');
  const name = endpoint.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = variable(environment, name);
  if (value === '' || isExempt(endpoint, variable(environment, 'NO_PROXY'))) return null;
  return proxyUrl(value.includes('://') ? value : `http://${value}`, `the environment variable ${name}`);
}

const variable = (environment: Environment, name: string): string =>
  (environment[name.toLowerCase()] ?? environment[name] ?? '').trim();

function proxyUrl(value: string, source: string): URL {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '') return url;
  throw new CourierError('ERR_SETTING_INVALID', `The proxy address in ${source} is not an http(s) URL; correct or remove it.`);
}

/**
 * Whether `NO_PROXY` names the endpoint: a list of `*`, host names (which stand for their subdomains too, with or
 * without a leading dot or `*.`), addresses and address blocks (`10.0.0.0/8`), each with an optional port.
 */
export function isExempt(endpoint: URL, noProxy: string): boolean {
  const host = endpoint.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = endpoint.port === '' ? (endpoint.protocol === 'https:' ? '443' : '80') : endpoint.port;
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [, bracketed, plain, entryPort] = /^(?:\[(.+)\]|([^:]*|.*:.*:.*?))(?::(\d+))?$/.exec(entry) ?? [];
      const name = (bracketed ?? plain ?? '').replace(/^\*?\./, '');
      if (name === '' || (entryPort !== undefined && entryPort !== port)) return false;
      if (name === '*' || host === name) return true;
      return isIP(host) === 0 ? host.endsWith(`.${name}`) : isInBlock(host, name);
    });
}

function isInBlock(address: string, block: string): boolean {
  const [network = '', prefix = ''] = block.split('/');
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  const prefixMax = family === 'ipv6' ? 128 : 32;
  if (isIP(network) === 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > prefixMax) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family);
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
