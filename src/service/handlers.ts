/**
 * The shape in which the rooms of the service answer the contract's requests; src/service/service.ts puts them together.
 * May import: src/common.
 */
import type { Params, RequestName, Result } from '../common/contract.ts';

/** One function for each request; it rejects with a `CourierError` when it refuses, and nothing changed then. */
export type Handlers = { [Name in RequestName]: (params: Params<Name>) => Promise<Result<Name>> | Result<Name> };
/** The requests that one room answers. */
export type HandlersOf<Name extends RequestName> = Pick<Handlers, Name>;
