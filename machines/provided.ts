/**
 * Stand-ins for the effects that a machine names and the service provides.
 * May import: xstate.
 */
import { fromPromise, type PromiseActorLogic } from 'xstate';

/** An actor that says which one is missing, until `machine.provide({ actors })` fills it in. */
export function provided<Output, Input>(name: string): PromiseActorLogic<Output, Input> {
  return fromPromise<Output, Input>(() => Promise.reject(new Error(`actor "${name}" was not provided`)));
}
