/**
 * Which addresses there are and which methods they take, for the refusal of the others.
 * May import: src/common.
 */
import { CourierError } from '../../common/errors.ts';
import { isRequestName } from '../../common/payload.ts';
import { targetParts } from './gate.ts';

/** Methods of an address, or null where there is nothing. */
export function allowedMethods(path: string): string[] | null {
  if (path === '/api/events') return ['GET'];
  if (path.startsWith('/api/')) return isRequestName(path.slice('/api/'.length)) ? ['POST'] : null;
  return ['/', '/healthz', '/metrics'].includes(path) ? ['GET', 'HEAD'] : null;
}

/** Why a request led nowhere: the wrong method, or no such address. */
export function nothingThere(method: string, target: string): { status: 404 | 405; error: CourierError } {
  const { path } = targetParts(target);
  const allowed = allowedMethods(path);
  if (allowed !== null && !allowed.includes(method))
    return {
      status: 405,
      error: new CourierError('ERR_METHOD_INVALID', `${path} takes ${allowed.join(' and ')} only.`),
    };
  const message = path.startsWith('/api/')
    ? 'There is no such request; docs/api.md lists those there are, as POST /api/<request>.'
    : 'There is nothing at this address; the console is at /.';
  return { status: 404, error: new CourierError('ERR_REQUEST_UNKNOWN', message) };
}
