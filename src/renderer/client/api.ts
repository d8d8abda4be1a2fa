/**
 * The contract over a transport: every answer and every event is checked against its schema. What does not fit is
 * reported once for its kind and ignored.
 *   transport.ts -> checked -> connection (one batch a frame) -> machines/console.ts
 * May import: xstate, src/common, machines.
 */
import { fromCallback } from 'xstate';
import type { ConnectionEvent } from '../../../machines/console.ts';
import { events, requests, type CourierEvent, type Params, type RequestName, type Result } from '../../common/contract.ts';
import { CourierError } from '../../common/errors.ts';
import { inFrames } from './frames.ts';
import type { Transport } from './transport.ts';

/** Asks the service; typed by the contract. */
export type Ask = <Name extends RequestName>(name: Name, params: Params<Name>) => Promise<Result<Name>>;

/**
 * @param onGarbled told the request's name when its answer does not follow the contract.
 * @throws CourierError when the service refuses, is gone, or its answer cannot be understood.
 */
export function askOver(transport: Transport, onGarbled: (name: string) => void): Ask {
  return async <Name extends RequestName>(name: Name, params: Params<Name>): Promise<Result<Name>> => {
    const answer = await transport.request(name, params);
    const checked = requests[name].result.safeParse(answer);
    if (!checked.success) {
      onGarbled(name);
      throw new CourierError('ERR_PAYLOAD_INVALID', `The service's answer to ${name} could not be understood. Ignored.`);
    }
    return checked.data as Result<Name>;
  };
}

/** The connection that the console machine names. */
export function connectionOver(transport: Transport, now: () => number = Date.now) {
  return fromCallback(({ sendBack }) => {
    const tell = (event: ConnectionEvent) => sendBack(event);
    const frames = inFrames<CourierEvent>((words) => tell({ type: 'words.heard', at: now(), words }));
    const stopListening = transport.listen({
      heard(name, payload) {
        const word = wordOf(name, payload);
        if (word === null) tell({ type: 'word.garbled', at: now(), name });
        else frames.add(word);
      },
      lost(reason) {
        frames.flush();
        tell({ type: 'connection.lost', at: now(), reason });
      },
    });
    return () => {
      stopListening();
      frames.stop();
    };
  });
}

/** An event as the contract has it, or null. */
function wordOf(name: string, payload: unknown): CourierEvent | null {
  if (!Object.hasOwn(events, name)) return null;
  const checked = events[name as keyof typeof events].safeParse(payload);
  return checked.success ? ({ name, payload: checked.data } as CourierEvent) : null;
}
