/**
 * The shape in which the rooms of the service answer the contract's requests, and how a request finds its answer;
 * src/service/service.ts puts them together.
 * May import: src/common.
 */
import type { CourierApi, Params, RequestName, Result } from '../common/contract.ts';
import { CourierError } from '../common/errors.ts';

/** One function for each request; it rejects with a `CourierError` when it refuses, and nothing changed then. */
export type Handlers = { [Name in RequestName]: (params: Params<Name>) => Promise<Result<Name>> | Result<Name> };
/** The requests that one room answers. */
export type HandlersOf<Name extends RequestName> = Pick<Handlers, Name>;

/** Rejects with `ERR_REQUEST_UNKNOWN` where nobody answers. */
export function requestOf(handlers: Partial<Handlers>): CourierApi['request'] {
  return async (name, params) => {
    const handler = handlers[name];
    if (handler === undefined) throw new CourierError('ERR_REQUEST_UNKNOWN', `This service does not answer ${name}.`);
    return (await (handler as (given: typeof params) => unknown)(params)) as Result<typeof name>;
  };
}
