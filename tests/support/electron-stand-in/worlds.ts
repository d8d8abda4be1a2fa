/**
 * The two scripts that every page of the stand-in begins with: one in the page's own world, one in the isolated world of
 * the preload script. They share nothing but DOM events carrying text, which is how contextBridge is built here.
 *   page <- events -> isolated world (contextBridge, ipcRenderer) <- binding -> host
 * The functions are sent to Chromium as text: they may use nothing from outside.
 */

export const worldName = 'Electron Isolated Context';
/** How the isolated world speaks to the host. */
export const bindingName = '__electronStandInPost';
/** How the host speaks to the isolated world. */
export const deliverName = '__electronStandInDeliver';

type Sent = Record<string, unknown>;

function pageWorld(): void {
  const functions = new Map<number, (...args: unknown[]) => unknown>();
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  const toIsolated = (detail: Sent) =>
    window.dispatchEvent(new CustomEvent('stand-in:isolated', { detail: JSON.stringify(detail) }));
  const packed = (value: unknown): unknown => {
    if (typeof value !== 'function') return { value };
    functions.set((lastId += 1), value as () => unknown);
    return { callback: lastId };
  };
  let answer: Sent = {};
  const call = (target: Sent, args: unknown[]): unknown => {
    // The isolated world answers before dispatchEvent returns.
    toIsolated({ ...target, kind: 'call', args: args.map(packed) });
    if ('error' in answer) throw new Error(String(answer['error']));
    if ('promise' in answer) {
      const id = answer['promise'] as number;
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    }
    if ('fn' in answer) {
      const fn = answer['fn'];
      return (...given: unknown[]) => call({ fn }, given);
    }
    return answer['value'];
  };
  window.addEventListener('stand-in:page', (event) => {
    const told = JSON.parse((event as CustomEvent<string>).detail) as Sent;
    if (told['kind'] === 'answer') answer = told;
    if (told['kind'] === 'callback') functions.get(told['id'] as number)?.(...(told['args'] as unknown[]));
    if (told['kind'] === 'settled') {
      const one = waiting.get(told['id'] as number);
      waiting.delete(told['id'] as number);
      if ('error' in told) one?.reject(new Error(String(told['error'])));
      else one?.resolve(told['value']);
    }
    if (told['kind'] === 'expose') {
      const names = told['functions'] as string[];
      const api = Object.fromEntries(names.map((name) => [name, (...args: unknown[]) => call({ path: name }, args)]));
      Object.defineProperty(window, told['name'] as string, {
        value: Object.freeze({ ...(told['values'] as Sent), ...api }),
        enumerable: true,
      });
    }
  });
}

function isolatedWorld(post: (text: string) => void, deliver: string): Record<string, unknown> {
  const toPage = (detail: Sent) => window.dispatchEvent(new CustomEvent('stand-in:page', { detail: JSON.stringify(detail) }));
  const pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  const listeners = new Map<string, Set<(event: unknown, ...args: unknown[]) => void>>();
  const returned = new Map<number, (...args: unknown[]) => unknown>();
  let exposed: Record<string, unknown> = {};
  let lastId = 0;
  const send = (message: Sent) => post(JSON.stringify(message));
  (globalThis as unknown as Sent)[deliver] = (message: Sent) => {
    if (message['kind'] === 'event')
      for (const listener of listeners.get(message['channel'] as string) ?? []) listener({}, ...(message['args'] as unknown[]));
    if (message['kind'] === 'answer') {
      const one = pending.get(message['id'] as number);
      pending.delete(message['id'] as number);
      if ('error' in message) one?.reject(new Error(String(message['error'])));
      else one?.resolve(message['value']);
    }
  };
  const ipcRenderer = {
    invoke(channel: string, ...args: unknown[]) {
      const id = (lastId += 1);
      send({ kind: 'invoke', id, channel, args });
      return new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
    },
    send: (channel: string, ...args: unknown[]) => send({ kind: 'send', channel, args }),
    on(channel: string, listener: () => void) {
      listeners.set(channel, (listeners.get(channel) ?? new Set()).add(listener));
    },
  };
  window.addEventListener('stand-in:isolated', (event) => {
    const told = JSON.parse((event as CustomEvent<string>).detail) as Sent;
    const args = (told['args'] as { value?: unknown; callback?: number }[]).map(({ value, callback }) =>
      callback === undefined ? value : (...given: unknown[]) => void toPage({ kind: 'callback', id: callback, args: given }),
    );
    const target = 'path' in told ? exposed[told['path'] as string] : returned.get(told['fn'] as number);
    try {
      const value = (target as (...given: unknown[]) => unknown)(...args);
      if (value instanceof Promise) {
        const id = (lastId += 1);
        toPage({ kind: 'answer', promise: id });
        void value.then(
          (result: unknown) => toPage({ kind: 'settled', id, value: result }),
          (error: unknown) => toPage({ kind: 'settled', id, error: String(error) }),
        );
      } else if (typeof value === 'function') {
        returned.set((lastId += 1), value as () => unknown);
        toPage({ kind: 'answer', fn: lastId });
      } else toPage({ kind: 'answer', value });
    } catch (error) {
      toPage({ kind: 'answer', error: String(error) });
    }
  });
  const contextBridge = {
    exposeInMainWorld(name: string, api: Record<string, unknown>) {
      exposed = api;
      const functions = Object.keys(api).filter((key) => typeof api[key] === 'function');
      const values = Object.fromEntries(Object.entries(api).filter(([key]) => !functions.includes(key)));
      toPage({ kind: 'expose', name, functions, values });
    },
  };
  return { ipcRenderer, contextBridge };
}

export const pageWorldScript = `(${pageWorld.toString()})();`;

/** @param inSubFrames Electron runs preload scripts in the main frame only, unless `nodeIntegrationInSubFrames` is set. */
export function isolatedWorldScript(preload: string, { inSubFrames }: { inSubFrames: boolean }): string {
  return `(() => {
  if (${inSubFrames ? 'false' : 'window !== window.top'}) return;
  const electron = (${isolatedWorld.toString()})((text) => ${bindingName}(text), ${JSON.stringify(deliverName)});
  const require = (name) => {
    if (name === 'electron') return electron;
    throw new Error('module not found: ' + name);
  };
  const module = { exports: {} };
  (function (exports, require, module) {\n${preload}\n})(module.exports, require, module);
})();`;
}
