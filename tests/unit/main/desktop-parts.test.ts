/**
 * The small parts around the desktop's window, each by itself: arguments, places, words, pictures, the end.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { CourierApi, Status } from '../../../src/common/contract.ts';
import { guardPages, guardSession } from '../../../src/main/guard.ts';
import { withHostRequests } from '../../../src/main/host-requests.ts';
import { openLogFile } from '../../../src/main/log-file.ts';
import { loginItem } from '../../../src/main/login-item.ts';
import { menuTemplate } from '../../../src/main/menu.ts';
import { switchesAgainstNetwork } from '../../../src/main/no-network.ts';
import { desktopOptions } from '../../../src/main/options.ts';
import { Quit } from '../../../src/main/quit.ts';
import { standingOf } from '../../../src/main/standing.ts';
import { StandingWatch } from '../../../src/main/standing-watch.ts';
import { trayBitmap } from '../../../src/main/tray-image.ts';
import { openingBounds, readWindowState, writeWindowState } from '../../../src/main/window-state.ts';
import { defaultDataDir } from '../../../src/service/data-dir.ts';

afterEach(() => void vi.useRealTimers());

describe('arguments', () => {
  test('the inspector is off, the window is shown and the data lies where programs keep it, unless said otherwise', () => {
    const environment = { XDG_DATA_HOME: '/data', LOCALAPPDATA: 'C:\\data' };
    expect(desktopOptions(['--type=x', '--no-sandbox', 'out/main/index.js'], environment)).toEqual({
      dataDir: defaultDataDir(environment),
      isHidden: false,
      inspectPort: null,
    });
  });

  test.each([
    [['--data-dir', 'here', '--hidden'], { dataDir: resolve('here'), isHidden: true }],
    [['--data-dir=here'], { dataDir: resolve('here') }],
    [['--inspect-machines'], { inspectPort: 0 }],
    [['--inspect-machines=8080'], { inspectPort: 8080 }],
    [['--inspect-machines=99999'], { inspectPort: 0 }],
    [['--inspect-machines=host:80'], { inspectPort: 0 }],
  ])('%j', (args, expected) => {
    expect(desktopOptions(args, {})).toMatchObject(expected);
  });

  test.each([
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/hl7-courier'],
    ['linux', {}, '/home/lab/.local/share/hl7-courier'],
    ['darwin', {}, '/home/lab/Library/Application Support/hl7-courier'],
    ['win32', {}, '/home/lab/AppData/Local/hl7-courier'],
    ['win32', { LOCALAPPDATA: '/local' }, '/local/hl7-courier'],
  ] as const)('on %s with %j the data lies in %s', (platform, environment, expected) => {
    expect(defaultDataDir(environment, { platform, home: '/home/lab' }).replaceAll('\\', '/')).toBe(expected);
  });
});

describe('the place of the window', () => {
  const screen = { x: 0, y: 0, width: 1920, height: 1040 };
  const at = (bounds: { x: number; y: number; width: number; height: number }) => ({ bounds, isMaximized: false });

  test('is the remembered one while a screen shows it', () => {
    const bounds = { x: 100, y: 100, width: 1000, height: 700 };
    expect(openingBounds(at(bounds), [screen])).toEqual(bounds);
    const onSecond = { ...bounds, x: 2000 };
    expect(openingBounds(at(onSecond), [screen, { ...screen, x: 1920 }])).toEqual(onSecond);
  });

  test.each([{ x: 2000 }, { x: -950 }, { y: -500 }, { y: 1030 }])(
    'is left to the system when no screen shows it any more: %j',
    (moved) => {
      expect(openingBounds(at({ x: 100, y: 100, width: 1000, height: 700, ...moved }), [screen])).toEqual({
        width: 1000,
        height: 700,
      });
    },
  );

  test('is never larger than the screen nor too small to use', () => {
    expect(openingBounds(null, [{ ...screen, width: 1024, height: 700 }])).toEqual({ width: 1024, height: 700 });
    expect(openingBounds(null, [])).toEqual({ width: 1280, height: 800 });
    expect(openingBounds(at({ x: 5000, y: 0, width: 10, height: 10 }), [screen])).toEqual({ width: 900, height: 600 });
  });

  test('survives a restart, and a file that is damaged counts as none', () => {
    const path = join(folder(), 'window.json');
    expect(readWindowState(path)).toBeNull();
    const state = { bounds: { x: 1, y: 2, width: 1000, height: 700 }, isMaximized: true };
    writeWindowState(path, state);
    expect(readWindowState(path)).toEqual(state);
    for (const text of ['', '{"bounds":{}}', '[1']) {
      writeFileSync(path, text);
      expect(readWindowState(path)).toBeNull();
    }
  });
});

describe('how things stand', () => {
  const well: Status = {
    pending: 0,
    submitted: 9,
    failed: 0,
    ignored: 0,
    quarantined: 0,
    running: true,
    endpoint: 'https://lis.test/',
  };
  test.each([
    ['well', {}, 'All sessions are delivered'],
    ['well', { pending: 1 }, '1 session waiting'],
    [
      'sending',
      { pending: 2000, worker: { state: 'dispatching', inFlight: 2, queueSize: 1998 } },
      'Sending, 2,000 sessions to go',
    ],
    ['failed', { failed: 1 }, '1 session failed and needs attention'],
    ['failed', { failed: 2 }, '2 sessions failed and need attention'],
    ['stopped', { failed: 2, circuit: { state: 'open', reason: 'no answer' } }, 'Delivery stopped: no answer'],
    ['stopped', { circuit: { state: 'open' } }, 'Delivery stopped:'],
  ] as const)('%s: %j', (kind, more, words) => {
    expect(standingOf({ ...well, ...more } as Status)).toMatchObject({ kind, words });
  });

  test('what else needs the operator is said in one line that a tray has room for', () => {
    const problem = { code: 'secret.notKept', message: 'The value is kept for this run only. Set up a keychain.', since: 0 };
    expect(standingOf({ ...well, problems: [problem] })).toMatchObject({
      kind: 'failed',
      words: 'The value is kept for this run only.',
    });
    const { words } = standingOf({ ...well, problems: [{ ...problem, message: 'long '.repeat(50) }] });
    expect([words.length, words.at(-1)]).toEqual([110, '…']);
  });

  test('without an endpoint it says so', () => {
    const { endpoint: _endpoint, ...status } = well;
    expect(standingOf({ ...status, pending: 3 })).toEqual({
      kind: 'stopped',
      words: 'No endpoint is set: sessions are kept and wait',
      waiting: 3,
    });
  });

  test('with an endpoint that cannot be used it says so, not that none is set', () => {
    const { endpoint: _endpoint, ...status } = well;
    const problem = { code: 'endpoint.unusable', message: 'submissionCaFile: the file is not there.', since: 0 };
    expect(standingOf({ ...status, pending: 3, problems: [problem] })).toEqual({
      kind: 'stopped',
      words: 'The endpoint cannot be used as it is set: sessions are kept and wait',
      waiting: 3,
    });
  });

  test('is asked for at most once a second, and every five seconds anyway, until the end', async () => {
    vi.useFakeTimers();
    let asked = 0;
    const shown: string[] = [];
    const watch = new StandingWatch(
      async () => {
        asked += 1;
        if (asked === 2) throw new Error('the store is closing');
        return well;
      },
      ({ words }) => shown.push(words),
    );
    for (let change = 0; change < 100; change++) watch.look();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([asked, shown.length]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(6_000);
    expect([asked, shown.length]).toEqual([2, 1]);
    await vi.advanceTimersByTimeAsync(6_000);
    expect([asked, shown.length]).toEqual([3, 2]);
    watch.look();
    watch.stop();
    watch.look();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBe(3);
  });

  test('each standing has a picture of its own, by shape', () => {
    const pictures = (['well', 'sending', 'failed', 'stopped'] as const).map((kind) =>
      trayBitmap(kind, 32, true).toString('hex'),
    );
    expect(new Set(pictures).size).toBe(4);
    const coloured = trayBitmap('failed', 32, false);
    expect(coloured).toHaveLength(32 * 32 * 4);
    for (let at = 0; at < coloured.length; at += 4)
      expect(Math.max(...coloured.subarray(at, at + 3))).toBeLessThanOrEqual(coloured[at + 3] ?? 0);
  });
});

describe('the menu', () => {
  const parts = { onSend: vi.fn(), onGo: vi.fn(), onQuit: vi.fn() };
  const all = (platform: NodeJS.Platform, isDevelopment = false) => {
    const items = (template: ReturnType<typeof menuTemplate>): ReturnType<typeof menuTemplate> =>
      template.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? items(item.submenu) : [])]);
    return items(menuTemplate({ platform, isDevelopment, ...parts }));
  };

  test.each(['linux', 'darwin', 'win32'] as const)('on %s no accelerator stands for two things', (platform) => {
    const accelerators = all(platform, true).flatMap(({ accelerator }) => accelerator ?? []);
    expect(new Set(accelerators).size).toBe(accelerators.length);
    expect(accelerators).toContain('CommandOrControl+Q');
  });

  test('its entries do what they say', () => {
    for (const { click } of all('linux')) (click as (() => void) | undefined)?.();
    expect(parts.onGo.mock.calls.flat()).toEqual([
      '#/settings',
      '#/overview',
      '#/attention',
      '#/sessions',
      '#/machines',
      '#/log',
    ]);
    expect([parts.onSend, parts.onQuit].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });

  test('developer tools are for development', () => {
    expect(all('linux').some(({ role }) => role === 'toggleDevTools')).toBe(false);
    expect(all('linux', true).some(({ role }) => role === 'toggleDevTools')).toBe(true);
  });
});

describe('starting at login', () => {
  const app = { isPackaged: true, getLoginItemSettings: vi.fn(() => ({ openAtLogin: true })), setLoginItemSettings: vi.fn() };
  const given = { app: app as never, executable: '/opt/HL7 Courier/hl7-courier', environment: {} };

  test('is not possible in development', () => {
    expect(loginItem({ ...given, app: { ...app, isPackaged: false } as never, platform: 'linux' })).toBeNull();
  });

  test("is the system's own list on Windows and macOS", () => {
    const item = loginItem({ ...given, platform: 'win32' });
    item?.set(true);
    expect(app.setLoginItemSettings).toHaveBeenCalledWith({ openAtLogin: true, args: ['--hidden'] });
    expect(item?.isSet()).toBe(true);
  });

  test('is a file in the autostart folder on Linux', () => {
    const config = folder();
    const path = join(config, 'autostart/hl7-courier.desktop');
    const item = loginItem({ ...given, platform: 'linux', environment: { XDG_CONFIG_HOME: config } });
    expect(item?.isSet()).toBe(false);
    item?.set(true);
    expect(item?.isSet()).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain('Exec="/opt/HL7 Courier/hl7-courier" "--hidden"\n');
    item?.set(false);
    expect(existsSync(path)).toBe(false);
  });

  test('of an AppImage names the image, with its odd characters kept', () => {
    const config = folder();
    const environment = { XDG_CONFIG_HOME: config, APPIMAGE: '/home/lab/100% "new"/$HL7.AppImage' };
    loginItem({ ...given, platform: 'linux', environment })?.set(true);
    const text = readFileSync(join(config, 'autostart/hl7-courier.desktop'), 'utf8');
    expect(text).toContain(String.raw`Exec="/home/lab/100%% \"new\"/\$HL7.AppImage" "--hidden"`);
  });
});

describe('requests that the host answers', () => {
  const api = {
    request: vi.fn(async (name: string) => ({ from: name })),
    subscribe: vi.fn(() => () => {}),
  } as unknown as CourierApi;

  test('all others are the service`s', async () => {
    const host = withHostRequests(api, { login: null, secretStorage: () => 'none', chooseFile: async () => null });
    expect(await host.request('getStatus', {})).toEqual({ from: 'getStatus' });
    host.subscribe(() => {});
    expect(api.subscribe).toHaveBeenCalledOnce();
    expect(await host.request('getHostOptions', {})).toEqual({ kind: 'desktop', canChooseFile: true, secretStorage: 'none' });
    expect(await host.request('chooseFile', { purpose: 'key' })).toEqual({});
    await expect(host.request('setHostOptions', { launchAtLogin: true })).rejects.toMatchObject({ code: 'ERR_STATE_CONFLICT' });
  });

  test('launch at login is set and shown', async () => {
    let isSet = false;
    const login = { isSet: () => isSet, set: (isWanted: boolean) => void (isSet = isWanted) };
    const host = withHostRequests(api, {
      login,
      secretStorage: () => 'keychain',
      chooseFile: async (purpose) => `/${purpose}.pem`,
    });
    expect(await host.request('setHostOptions', { launchAtLogin: true })).toMatchObject({ launchAtLogin: true });
    expect(await host.request('getHostOptions', {})).toMatchObject({ launchAtLogin: true, secretStorage: 'keychain' });
    expect(await host.request('chooseFile', { purpose: 'certificate' })).toEqual({ path: '/certificate.pem' });
  });
});

test('Chromium has no network, but for the development server', () => {
  const rules = (devServer: string | null) => Object.fromEntries(switchesAgainstNetwork(devServer))['host-resolver-rules'];
  expect(rules(null)).toBe('MAP * ~NOTFOUND');
  expect(rules('http://localhost:5173')).toBe('MAP * ~NOTFOUND, EXCLUDE localhost');
});

describe('the guard', () => {
  const log = { warn: vi.fn() };
  type Handlers = Map<string, (...given: unknown[]) => unknown>;

  test('keeps every page where it is, whatever it tries', () => {
    const handlers: Handlers = new Map();
    const contents = {
      on: (name: string, handler: () => void) => handlers.set(name, handler),
      setWindowOpenHandler: (handler: () => unknown) => handlers.set('window-open', handler),
    };
    guardPages({ on: (_name: string, listener: (event: unknown, made: unknown) => void) => listener({}, contents) } as never, {
      devServer: null,
      log,
    });
    for (const event of ['will-navigate', 'will-frame-navigate', 'will-redirect']) {
      const preventDefault = vi.fn();
      handlers.get(event)?.({ preventDefault, url: 'https://example.test/' });
      expect(preventDefault).toHaveBeenCalledOnce();
      handlers.get(event)?.({ preventDefault, url: 'app://console/index.html' });
      expect(preventDefault).toHaveBeenCalledOnce();
    }
    const preventDefault = vi.fn();
    handlers.get('will-attach-webview')?.({ preventDefault });
    expect(preventDefault).toHaveBeenCalledOnce();
    expect(handlers.get('window-open')?.({ url: 'app://console/index.html' })).toEqual({ action: 'deny' });
  });

  test('lets only downloads through that the console made itself, and no device', () => {
    const handlers: Handlers = new Map();
    const set = (name: string) => (handler: () => unknown) => void handlers.set(name, handler);
    const session = {
      setPermissionRequestHandler: set('request'),
      setPermissionCheckHandler: set('check'),
      setDevicePermissionHandler: set('device'),
      setSpellCheckerEnabled: () => {},
      on: (name: string, handler: () => void) => handlers.set(name, handler),
    };
    guardSession(session as never, { devServer: null, log });
    const preventDefault = vi.fn();
    const download = (address: string) => handlers.get('will-download')?.({ preventDefault }, { getURL: () => address });
    download('blob:app://console/0f3c');
    expect(preventDefault).not.toHaveBeenCalled();
    download('https://example.test/tool.exe');
    expect(preventDefault).toHaveBeenCalledOnce();
    expect(handlers.get('device')?.()).toBe(false);
    expect(handlers.get('check')?.(null, 'media', 'app://console')).toBe(false);
    expect(handlers.get('check')?.(null, 'clipboard-sanitized-write', 'app://console/')).toBe(true);
  });
});

describe('the end', () => {
  test('waits for the drain, says what it waits for, and ends once', async () => {
    vi.useFakeTimers();
    const { promise, resolve: drained } = Promise.withResolvers<void>();
    const parts = { stop: vi.fn(() => promise), showNote: vi.fn(), exit: vi.fn() };
    const quit = new Quit(parts);
    expect(quit.isUnderWay).toBe(false);
    const preventDefault = vi.fn();
    quit.onBeforeQuit({ preventDefault });
    quit.onBeforeQuit({ preventDefault });
    expect(preventDefault).toHaveBeenCalledTimes(2);
    expect(parts.stop).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(399);
    expect(parts.showNote).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(parts.showNote).toHaveBeenCalledOnce();
    drained();
    await vi.advanceTimersByTimeAsync(0);
    expect(parts.exit).toHaveBeenCalledOnce();
    quit.onBeforeQuit({ preventDefault });
    expect(preventDefault).toHaveBeenCalledTimes(2);
  });

  test('says nothing when there is nothing to wait for', async () => {
    vi.useFakeTimers();
    const parts = { stop: async () => {}, showNote: vi.fn(), exit: vi.fn() };
    new Quit(parts).onBeforeQuit({ preventDefault: () => {} });
    await vi.advanceTimersByTimeAsync(10_000);
    expect([parts.exit, parts.showNote].map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
  });
});

test('the log file is private, is put aside when it is large, and a disk that takes nothing is no error', () => {
  const path = join(folder(), 'courier.log');
  const file = openLogFile(path, 20);
  file.write('0123456789\n');
  file.write('0123456789\n');
  expect([readFileSync(path, 'utf8'), readFileSync(`${path}.1`, 'utf8')]).toEqual(['0123456789\n', '0123456789\n']);
  openLogFile(path, 20).write('0123456789\n');
  expect(readFileSync(path, 'utf8')).toBe('0123456789\n');
  openLogFile('/nowhere/at/all/courier.log').write('lost\n');
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'hl7-courier-desktop-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}
