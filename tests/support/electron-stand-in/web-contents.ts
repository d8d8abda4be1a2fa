/**
 * WebContents and ipcMain over a page of a real Chromium.
 * May import: node.
 */
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { app } from './app.ts';
import { type CdpConnection, type CdpSession, type Params } from './cdp.ts';
import { chromium } from './chromium.ts';
import { answerOwnScheme, toApplication, toChromium } from './schemes.ts';
import { bindingName, deliverName, isolatedWorldScript, pageWorldScript, worldName } from './worlds.ts';

type Handler = (event: unknown, ...args: unknown[]) => unknown;
interface Frame {
  id: string;
  parentId?: string;
  url: string;
}
interface Message {
  kind: 'invoke' | 'send';
  id: number;
  channel: string;
  args: unknown[];
}

class IpcMain extends EventEmitter {
  readonly handlers = new Map<string, Handler>();
  handle(channel: string, handler: Handler): void {
    if (this.handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    this.handlers.set(channel, handler);
  }
  removeHandler(channel: string): void {
    this.handlers.delete(channel);
  }
}
export const ipcMain = new IpcMain();

const all = new Map<number, WebContents>();
let lastId = 0;

export class WebContents extends EventEmitter {
  readonly id = (lastId += 1);
  readonly #preferences: Params;
  readonly #frames = new Map<string, Frame>();
  /** Isolated worlds by execution context, each with its frame. */
  readonly #worlds = new Map<number, string>();
  readonly #ready: Promise<void>;
  #connection: CdpConnection | null = null;
  #session: CdpSession | null = null;
  #targetId = '';
  #mainFrameId = '';
  #isDestroyed = false;
  /** Navigations that the application itself asked for are not put to `will-navigate`. */
  #ownNavigations = 0;
  #windowOpenHandler: (details: { url: string }) => { action: 'allow' | 'deny' } = () => ({ action: 'allow' });

  constructor(preferences: Params, size: { width: number; height: number }) {
    super();
    this.#preferences = preferences;
    all.set(this.id, this);
    app.emit('web-contents-created', {}, this);
    this.#ready = this.#open(size);
  }

  static fromId = (id: number) => all.get(id);
  static getAllWebContents = () => [...all.values()];
  static fromDevToolsTargetId = (targetId: string) => [...all.values()].find((contents) => contents.#targetId === targetId);

  get mainFrame() {
    return this.#frameOf(this.#mainFrameId);
  }
  getURL = () => this.mainFrame?.url ?? '';
  getLastWebPreferences = () => this.#preferences;
  isDestroyed = () => this.#isDestroyed;
  isCrashed = () => false;
  setWindowOpenHandler(handler: (details: { url: string }) => { action: 'allow' | 'deny' }): void {
    this.#windowOpenHandler = handler;
  }

  async loadURL(address: string): Promise<void> {
    await this.#ready;
    const loaded = new Promise<void>((resolve) => this.#session?.once('Page.loadEventFired', () => resolve()));
    this.#ownNavigations += 1;
    const { errorText, loaderId } = (await this.#send('Page.navigate', { url: toChromium(address) })) as {
      errorText?: string;
      loaderId?: string;
    };
    if (errorText !== undefined) throw new Error(`${errorText} loading '${address}'`);
    if (loaderId === undefined) this.#ownNavigations -= 1;
    else await loaded;
  }

  reload(): void {
    this.#ownNavigations += 1;
    void this.#send('Page.reload');
  }

  send(channel: string, ...args: unknown[]): void {
    const world = [...this.#worlds].find(([, frameId]) => frameId === this.#mainFrameId)?.[0];
    if (world !== undefined) this.#deliver(world, { kind: 'event', channel, args });
  }

  async executeJavaScript(code: string): Promise<unknown> {
    await this.#ready;
    const { result, exceptionDetails } = (await this.#send('Runtime.evaluate', {
      expression: code,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    })) as { result: { value?: unknown }; exceptionDetails?: { text: string } };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
    return result.value;
  }

  /** Closes the page; its window hears `destroyed`. */
  close(): void {
    void this.#ready.then(() =>
      this.#connection?.browser.send('Target.closeTarget', { targetId: this.#targetId }).catch(() => {}),
    );
    this.#end();
  }

  async #open({ width, height }: { width: number; height: number }): Promise<void> {
    const { connection } = await chromium(app.profile());
    const { targetId } = (await connection.browser.send('Target.createTarget', { url: 'about:blank', width, height })) as {
      targetId: string;
    };
    const { sessionId } = (await connection.browser.send('Target.attachToTarget', { targetId, flatten: true })) as {
      sessionId: string;
    };
    this.#connection = connection;
    this.#targetId = targetId;
    this.#mainFrameId = targetId;
    const session = connection.session(sessionId);
    this.#session = session;
    session.on('Page.frameNavigated', ({ frame }: { frame: Frame }) => this.#frames.set(frame.id, frame));
    session.on('Page.navigatedWithinDocument', ({ frameId, url }: { frameId: string; url: string }) => {
      const frame = this.#frames.get(frameId);
      if (frame !== undefined) this.#frames.set(frameId, { ...frame, url });
    });
    session.on('Page.frameDetached', ({ frameId }: { frameId: string }) => this.#frames.delete(frameId));
    session.on(
      'Page.frameStartedNavigating',
      ({ frameId, url, navigationType }: { frameId: string; url: string; navigationType: string }) =>
        this.emit('did-start-navigation', {
          url: toApplication(url),
          isMainFrame: frameId === this.#mainFrameId,
          isSameDocument: /same/i.test(navigationType),
        }),
    );
    session.on('Page.loadEventFired', () => this.emit('did-finish-load'));
    session.on('Inspector.targetCrashed', () => this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 }));
    session.on('Runtime.executionContextsCleared', () => this.#worlds.clear());
    session.on('Runtime.executionContextDestroyed', ({ executionContextId }: { executionContextId: number }) =>
      this.#worlds.delete(executionContextId),
    );
    session.on(
      'Runtime.executionContextCreated',
      ({ context }: { context: { id: number; name: string; auxData: { frameId: string } } }) => {
        if (context.name === worldName) this.#worlds.set(context.id, context.auxData.frameId);
      },
    );
    session.on(
      'Runtime.bindingCalled',
      ({ name, payload, executionContextId }: { name: string; payload: string; executionContextId: number }) => {
        if (name === bindingName) void this.#hear(JSON.parse(payload) as Message, executionContextId);
      },
    );
    session.on('Fetch.requestPaused', (paused: Params) => void this.#route(paused as unknown as Paused).catch(() => {}));
    connection.browser.on('Target.targetDestroyed', ({ targetId: gone }: { targetId: string }) => {
      if (gone === targetId) this.#end();
    });
    connection.browser.on(
      'Target.targetCreated',
      ({ targetInfo }: { targetInfo: { targetId: string; openerId?: string; url: string } }) => {
        if (targetInfo.openerId !== targetId) return;
        if (this.#windowOpenHandler({ url: targetInfo.url }).action === 'deny') void this.#closeOpened(targetInfo.targetId);
      },
    );
    await this.#send('Page.enable');
    await this.#send('Runtime.enable');
    await this.#send('Fetch.enable', { patterns: [{ urlPattern: '*' }] });
    const { preload } = this.#preferences as { preload?: string };
    if (preload !== undefined) {
      const script = isolatedWorldScript(readFileSync(preload, 'utf8'), {
        inSubFrames: this.#preferences['nodeIntegrationInSubFrames'] === true,
      });
      await this.#send('Runtime.addBinding', { name: bindingName, executionContextName: worldName });
      await this.#send('Page.addScriptToEvaluateOnNewDocument', { source: pageWorldScript });
      await this.#send('Page.addScriptToEvaluateOnNewDocument', { source: script, worldName });
    }
  }

  /** A real Electron asks before it makes a window; here it is there for a moment, and must have begun before it can end. */
  async #closeOpened(targetId: string): Promise<void> {
    const { browser } = this.#connection as CdpConnection;
    const { sessionId } = (await browser.send('Target.attachToTarget', { targetId, flatten: true })) as { sessionId: string };
    await this.#connection?.session(sessionId).send('Runtime.runIfWaitingForDebugger');
    await browser.send('Target.closeTarget', { targetId });
  }

  async #send(method: string, params: Params = {}): Promise<Params> {
    if (this.#session === null || this.#isDestroyed) throw new Error('Object has been destroyed');
    return this.#session.send(method, params);
  }

  #deliver(world: number, message: Params): void {
    const expression = `${deliverName}(${JSON.stringify(message)})`;
    this.#send('Runtime.evaluate', { expression, contextId: world }).catch(() => {});
  }

  async #hear({ kind, id, channel, args }: Message, world: number): Promise<void> {
    const event = { sender: this, senderFrame: this.#frameOf(this.#worlds.get(world) ?? ''), processId: 1, frameId: 1 };
    if (kind === 'send') {
      ipcMain.emit(channel, event, ...args);
      return;
    }
    const handler = ipcMain.handlers.get(channel);
    try {
      if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
      this.#deliver(world, { kind: 'answer', id, value: await handler(event, ...args) });
    } catch (error) {
      this.#deliver(world, { kind: 'answer', id, error: `Error invoking remote method '${channel}': ${String(error)}` });
    }
  }

  #frameOf(frameId: string): { url: string; parent: unknown; top: unknown } | null {
    const frame = this.#frames.get(frameId);
    if (frame === undefined) return null;
    const parent = frame.parentId === undefined ? null : this.#frameOf(frame.parentId);
    const own = { url: toApplication(frame.url), parent, top: parent?.top ?? null };
    return { ...own, top: own.top ?? own };
  }

  /** Answers the application's own addresses, and asks it where a page may go. */
  async #route({ requestId, request, resourceType, frameId }: Paused): Promise<void> {
    if (resourceType === 'Document' && !this.#mayGo(frameId, request.url)) {
      await this.#send('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
      return;
    }
    const answer = await answerOwnScheme(request.url, request.method);
    if (answer === null) {
      await this.#send('Fetch.continueRequest', { requestId });
      return;
    }
    await this.#send('Fetch.fulfillRequest', {
      requestId,
      responseCode: answer.status,
      responseHeaders: [...answer.headers].map(([name, value]) => ({ name, value })),
      body: Buffer.from(await answer.arrayBuffer()).toString('base64'),
    });
  }

  #mayGo(frameId: string, address: string): boolean {
    const isMainFrame = frameId === this.#mainFrameId;
    if (isMainFrame && this.#ownNavigations > 0) {
      this.#ownNavigations -= 1;
      return true;
    }
    let isPrevented = false;
    const event = { url: toApplication(address), isMainFrame, preventDefault: () => (isPrevented = true) };
    this.emit('will-frame-navigate', event);
    if (isMainFrame) this.emit('will-navigate', event, event.url);
    return !isPrevented;
  }

  #end(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    all.delete(this.id);
    this.emit('destroyed');
  }
}

interface Paused {
  requestId: string;
  request: { url: string; method: string };
  resourceType: string;
  frameId: string;
}
