/**
 * How the console reaches the service: over the desktop's bridge, or over HTTP and server-sent events from the host that
 * served this page. Nothing is checked here; that is api.ts.
 * May import: src/common.
 */
import { eventNames } from '../../common/contract.ts';
import { CourierError, errorCodes, type ErrorCode } from '../../common/errors.ts';

interface Hearer {
  heard(name: string, payload: unknown): void;
  lost(reason: 'closed' | 'refused'): void;
}
export interface Transport {
  /** @throws CourierError when the service refuses or is not there. */
  request(name: string, params: unknown): Promise<unknown>;
  /** Listens until the returned function is called; after `lost` nothing more is heard. */
  listen(hearer: Hearer): () => void;
}

/** What the preload script puts on the window (src/preload). */
interface Bridge {
  request(name: string, params: unknown): Promise<unknown>;
  subscribe(listener: (event: { name: string; payload: unknown }) => void): () => void;
}
declare global {
  interface Window {
    electron?: Bridge;
  }
}

/** The desktop's bridge when there is one, else the host that served the page. */
export function transportOf(window: Window): Transport {
  return window.electron === undefined ? httpTransport() : bridgeTransport(window.electron);
}

function bridgeTransport(bridge: Bridge): Transport {
  return {
    async request(name, params) {
      let answer: unknown;
      try {
        answer = await bridge.request(name, params);
      } catch (error) {
        // An error loses its fields on the way through the bridge; a refusal comes as a value, this is something else.
        throw new CourierError('ERR_INTERNAL', error instanceof Error ? error.message : 'The desktop host gave no answer.');
      }
      throwIfRefused(answer);
      return answer;
    },
    listen(hearer) {
      return bridge.subscribe(({ name, payload }) => hearer.heard(name, payload));
    },
  };
}

function httpTransport(): Transport {
  return {
    async request(name, params) {
      let response: Response;
      try {
        response = await fetch(`api/${name}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(params),
          credentials: 'same-origin',
        });
      } catch (error) {
        throw new CourierError('ERR_SERVICE_NOT_RUNNING', 'The service gives no answer; it may have stopped.', { cause: error });
      }
      const answer: unknown = await response.json().catch(() => null);
      throwIfRefused(answer);
      if (!response.ok) throw new CourierError('ERR_INTERNAL', `The service answered ${response.status} to ${name}.`);
      return answer;
    },
    listen(hearer) {
      const source = new EventSource('api/events');
      let isOver = false;
      const end = () => {
        isOver = true;
        source.close();
      };
      for (const name of eventNames)
        source.addEventListener(name, (event) => hearer.heard(name, parsed((event as MessageEvent<string>).data)));
      // The source's own reconnecting is not used: the console machine says when to try again.
      source.addEventListener('error', () => {
        if (isOver) return;
        end();
        void whyLost().then((reason) => hearer.lost(reason));
      });
      return end;
    },
  };
}

/** An EventSource does not tell a refused key from a service that is gone: one request does. */
async function whyLost(): Promise<'closed' | 'refused'> {
  try {
    const response = await fetch('api/getStatus', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    return response.status === 401 ? 'refused' : 'closed';
  } catch {
    return 'closed';
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function throwIfRefused(answer: unknown): void {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return;
  const { code, message } = answer.error as { code?: unknown; message?: unknown };
  const known = errorCodes.find((each) => each === code);
  throw new CourierError(
    (known ?? 'ERR_INTERNAL') satisfies ErrorCode,
    typeof message === 'string' ? message : 'The service refused.',
  );
}
