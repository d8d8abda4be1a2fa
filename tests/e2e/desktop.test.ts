/**
 * The desktop application as it is built: its window, its bridge, what gets in and what does not, and its end. On a real
 * Electron where `COURIER_ELECTRON` names one, else on the stand-in of tests/support/electron-stand-in.
 */
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { ElectronApplication } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Bridge } from '../../src/preload/bridge.ts';
import { stepLimitMs } from '../support/browser.ts';
import { afterBlock } from '../support/console-hosts.ts';
import { startService, until } from '../support/courier-process.ts';
import { builtDesktop, type Desktop, realElectron, spawnDesktop, startDesktop } from '../support/desktop.ts';
import { startEndpoint } from '../support/scripted-endpoint.ts';
import { dropSession, dropSessions, makeDataDir, patientName, readStored, statusCounts } from '../support/session-folder.ts';

let folder: string;
beforeAll(async () => {
  folder = await builtDesktop();
});

const patiently = { timeout: stepLimitMs };
/** The host hears of a closed page by a line of its own. */
const noWindow = (app: ElectronApplication) =>
  until('the host has no window', () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length === 0));

/** `window.electron` as the page's scripts see it. */
interface Page {
  electron: Bridge;
}

describe('the window', () => {
  test('shows the console with what is true, within its policy and without an error', async () => {
    const endpoint = await startEndpoint();
    const dataDir = makeDataDir();
    dropSessions(dataDir, 'seen', 3);
    const { app, page, faults } = await startDesktop(folder, dataDir);
    await page.evaluate(
      (submissionEndpoint) => (window as unknown as Page).electron.updateSettings({ submissionEndpoint }),
      endpoint.url,
    );
    await until('all sessions are delivered', () => statusCounts(dataDir)['submitted'] === 3);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((window) => window.getTitle()))).toEqual([
      'HL7 Courier',
    ]);
    expect(await page.evaluate(() => [typeof (globalThis as Record<string, unknown>)['require'], typeof process])).toEqual([
      'undefined',
      'undefined',
    ]);
    expect(faults).toEqual([]);
  });

  test('is opened with everything shut that can be shut', async () => {
    const { app } = await startDesktop(folder, makeDataDir());
    const preferences = await app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      // Electron has this function, but leaves it out of its types.
      return (contents as unknown as { getLastWebPreferences(): Record<string, unknown> }).getLastWebPreferences();
    });
    expect(preferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
    });
  });

  test('comes back where it was, and goes to the screen that the menu names', async () => {
    const dataDir = makeDataDir();
    const first = await startDesktop(folder, dataDir);
    await first.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.setBounds({ x: 40, y: 50, width: 1000, height: 700 }),
    );
    await first.app.close();
    const { app, page } = await startDesktop(folder, dataDir);
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getNormalBounds())).toEqual({
      x: 40,
      y: 50,
      width: 1000,
      height: 700,
    });
    await app.evaluate(({ Menu }) => {
      const go = Menu.getApplicationMenu()?.items.find(({ label }) => label === '&Go');
      go?.submenu?.items.find(({ label }) => label === 'Sessions')?.click();
    });
    await page.waitForURL(/#\/sessions$/);
  });

  test('can be closed and opened again while the service goes on', async () => {
    const { app, page } = await startDesktop(folder, makeDataDir());
    await page.close();
    await noWindow(app);
    const [opened] = await Promise.all([
      app.waitForEvent('window', patiently),
      app.evaluate(({ app: host }) => host.emit('activate')),
    ]);
    await opened.locator('#root > *').first().waitFor();
    expect(await opened.evaluate(() => (window as unknown as Page).electron.getStatus())).toMatchObject({ running: true });
  });
});

describe('the bridge', () => {
  test('answers every request that integrators know, and tells events with the current state first', async () => {
    const endpoint = await startEndpoint();
    const dataDir = makeDataDir();
    dropSession(dataDir, 'known');
    const { page } = await startDesktop(folder, dataDir);
    const heard = await page.evaluate(async (submissionEndpoint) => {
      const { electron } = window as unknown as Page;
      const names: string[] = [];
      const results: unknown[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      electron.subscribe(({ name }) => names.push(name));
      electron.onSubmissionResult((result) => {
        results.push(result);
        resolve();
      });
      await electron.updateSettings({ submissionEndpoint });
      const started = await electron.triggerSubmissionNow();
      await promise;
      const listed = await electron.getSessions({ filter: { status: ['submitted'] } });
      return { names, results, started, listed };
    }, endpoint.url);
    expect(heard.names[0]).toBe('onStatus');
    expect(heard.names).toContain('onSubmissionProgress');
    expect(heard.started).toEqual({ started: true });
    expect(heard.results).toMatchObject([{ sessionId: 'known', success: true, submissionStatus: 'submitted' }]);
    expect(heard.listed).toMatchObject({ total: 1, sessions: [{ sessionId: 'known' }] });
  });

  test('ends a subscription when it is asked to, and with the page', async () => {
    const { page } = await startDesktop(folder, makeDataDir());
    const countAfterEnd = await page.evaluate(async () => {
      const { electron } = window as unknown as Page;
      let heard = 0;
      const end = electron.onSettings(() => (heard += 1));
      await electron.getStatus();
      end();
      heard = 0;
      await electron.updateSettings({ retentionDays: 31 });
      await electron.getStatus();
      return heard;
    });
    expect(countAfterEnd).toBe(0);
    await page.reload();
    await page.locator('#root > *').first().waitFor();
    expect(await page.evaluate(() => (window as unknown as Page).electron.getSettings())).toMatchObject({
      settings: { retentionDays: 31 },
    });
  });

  test('refuses what the contract does not know, in words, without a path or patient data', async () => {
    const dataDir = makeDataDir();
    dropSession(dataDir, 'held');
    const { page } = await startDesktop(folder, dataDir);
    const refusals = await page.evaluate(async () => {
      const { electron } = window as unknown as Page;
      const asked: [string, unknown][] = [
        ['eval', {}],
        ['constructor', {}],
        ['__proto__', {}],
        ['getSession', { sessionId: '../../etc/passwd' }],
        ['getSession', { sessionId: 'held', more: true }],
        ['getSession', 'held'],
        ['getSession', null],
        ['getSessions', { limit: 1e9 }],
        ['getSession', { sessionId: 'gone' }],
        ['updateSettings', { submissionConcurrency: 11 }],
        ['updateSettings', { submissionAuthHeader: 'Bearer secret\r\nX: y' }],
      ];
      return Promise.all(asked.map(async ([name, params]) => [name, await electron.request(name, params)]));
    });
    const codes = refusals.map(([name, answer]) => `${name}: ${(answer as { error: { code: string } }).error.code}`);
    expect(codes).toEqual([
      'eval: ERR_REQUEST_UNKNOWN',
      'constructor: ERR_REQUEST_UNKNOWN',
      '__proto__: ERR_REQUEST_UNKNOWN',
      'getSession: ERR_PAYLOAD_INVALID',
      'getSession: ERR_PAYLOAD_INVALID',
      'getSession: ERR_PAYLOAD_INVALID',
      'getSession: ERR_PAYLOAD_INVALID',
      'getSessions: ERR_PAYLOAD_INVALID',
      'getSession: ERR_SESSION_NOT_FOUND',
      'updateSettings: ERR_SETTING_OUT_OF_RANGE',
      'updateSettings: ERR_SETTING_OUT_OF_RANGE',
    ]);
    const text = JSON.stringify(refusals);
    for (const leak of [dataDir, patientName, 'secret', 'etc/passwd']) expect(text).not.toContain(leak);
  });

  test('answers for the host: what it can, and a file that the operator chose', async () => {
    const { app, page } = await startDesktop(folder, makeDataDir());
    expect(await page.evaluate(() => (window as unknown as Page).electron.getHostOptions())).toMatchObject({
      kind: 'desktop',
      canChooseFile: true,
    });
    expect(await page.evaluate(() => (window as unknown as Page).electron.setHostOptions({ launchAtLogin: true }))).toMatchObject(
      {
        error: { code: 'ERR_STATE_CONFLICT' },
      },
    );
    await app.evaluate(({ dialog }) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: ['/etc/ssl/lab-ca.pem'] });
    });
    expect(await page.evaluate(() => (window as unknown as Page).electron.chooseFile({ purpose: 'certificate' }))).toEqual({
      path: '/etc/ssl/lab-ca.pem',
    });
  });
});

describe('getting in', () => {
  const finished = afterBlock();
  let desktop: Desktop;
  beforeAll(async () => {
    const dataDir = makeDataDir(finished);
    desktop = await startDesktop(folder, dataDir, { finished });
  });

  test('a page of another origin that holds the bridge is refused and hears nothing', async () => {
    const { app } = desktop;
    const answers = await app.evaluate(
      async ({ BrowserWindow }, preload) => {
        const window = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true, contextIsolation: true } });
        await window.loadURL('data:text/html,<title>Foreign</title>');
        const answered = (await window.webContents.executeJavaScript(`(async () => {
        const heard = [];
        window.electron.subscribe((event) => heard.push(event));
        const answers = [await window.electron.getStatus(), await window.electron.request('getSettings')];
        await new Promise((wake) => setTimeout(wake, 200));
        return { heard, answers };
      })()`)) as unknown;
        window.destroy();
        return answered;
      },
      join(folder, 'preload/index.cjs'),
    );
    expect(answers).toMatchObject({
      heard: [],
      answers: [{ error: { code: 'ERR_ORIGIN_FOREIGN' } }, { error: { code: 'ERR_ORIGIN_FOREIGN' } }],
    });
  });

  test('our own page in a window that is not the console is refused', async () => {
    const { app } = desktop;
    const answer = await app.evaluate(
      async ({ BrowserWindow }, preload) => {
        const window = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true, contextIsolation: true } });
        await window.loadURL('app://console/index.html');
        const answered = (await window.webContents.executeJavaScript('window.electron.getStatus()')) as unknown;
        window.destroy();
        return answered;
      },
      join(folder, 'preload/index.cjs'),
    );
    expect(answer).toMatchObject({ error: { code: 'ERR_ORIGIN_FOREIGN' } });
  });

  test('a frame inside the console does not get the bridge, nor is it shown', async () => {
    const { page } = desktop;
    const hasBridge = await page.evaluate(async () => {
      const frame = document.createElement('iframe');
      frame.src = 'index.html';
      document.body.append(frame);
      await new Promise((loaded) => setTimeout(loaded, 500));
      try {
        return (frame.contentWindow as unknown as Partial<Page>).electron !== undefined;
      } catch {
        return false;
      }
    });
    expect(hasBridge).toBe(false);
  });

  test('the console cannot be led elsewhere, nor open another window', async () => {
    const { app, page } = desktop;
    const own = page.url();
    await page.evaluate(() => {
      location.href = 'https://example.test/phish';
    });
    await page.evaluate(() => {
      const link = document.createElement('a');
      link.href = 'https://example.test/new';
      link.target = '_blank';
      document.body.append(link);
      link.click();
      window.open('https://example.test/open');
    });
    await until('only the console is open', () => app.windows().length === 1);
    expect(page.url()).toBe(own);
    expect(await page.evaluate(() => (window as unknown as Page).electron.getStatus())).toMatchObject({ running: true });
  });

  test('the page cannot reach a network, nor run text as code', async () => {
    const { page } = desktop;
    const endpoint = await startEndpoint();
    const tried = await page.evaluate(async (url) => {
      const fetched = await fetch(url).then(
        () => 'answered',
        () => 'denied',
      );
      // Playwright's own evaluation lifts the policy, so the page does it later, by itself.
      const evaluated = await new Promise<string>((resolve) =>
        setTimeout(() => {
          try {
            resolve(String(new Function('return "ran"')()));
          } catch {
            resolve('denied');
          }
        }),
      );
      return { fetched, evaluated };
    }, endpoint.url);
    expect(tried).toEqual({ fetched: 'denied', evaluated: 'denied' });
    expect(endpoint.others).toEqual([]);
  });

  test('the page cannot reach a network by WebRTC either, which its policy does not know', async () => {
    const { page } = desktop;
    let reached = 0;
    const stream = createServer((socket) => {
      reached += 1;
      socket.destroy();
    });
    await new Promise<void>((listening) => stream.listen(0, '127.0.0.1', listening));
    const datagrams = createSocket('udp4').on('message', () => (reached += 1));
    await new Promise<void>((bound) => datagrams.bind(0, '127.0.0.1', bound));
    await page.evaluate(
      async ([streamPort, datagramPort]) => {
        const turn = { urls: `turn:127.0.0.1:${streamPort}?transport=tcp`, username: 'a', credential: 'b' };
        const peer = new RTCPeerConnection({ iceServers: [{ urls: `stun:127.0.0.1:${datagramPort}` }, turn] });
        peer.createDataChannel('out');
        await peer.setLocalDescription(await peer.createOffer());
        // It is over when all ways were tried, or when none answers.
        const over = new Promise((ended) => peer.addEventListener('icegatheringstatechange', ended));
        await Promise.race([over, new Promise((ended) => setTimeout(ended, 1500))]);
        await new Promise((ended) => setTimeout(ended, 500));
        peer.close();
      },
      [(stream.address() as AddressInfo).port, datagrams.address().port] as const,
    );
    stream.close();
    datagrams.close();
    expect(reached).toBe(0);
  });

  test.runIf(realElectron === null)('permissions are denied, but for copying text', async () => {
    const { app } = desktop;
    const granted = await app.evaluate((electron) => {
      const { standIn } = electron as unknown as typeof import('../support/electron-stand-in/module.ts');
      const own = 'app://console/index.html';
      const asked: [string, string][] = [
        ['clipboard-sanitized-write', own],
        ['clipboard-sanitized-write', 'https://example.test/'],
        ['clipboard-read', own],
        ['media', own],
        ['geolocation', own],
        ['notifications', own],
        ['openExternal', own],
      ];
      return asked.filter(([permission, requestingUrl]) => {
        let isGranted = false;
        standIn.permissions.request?.(null, permission, (answer) => (isGranted = answer), { requestingUrl });
        return isGranted || (standIn.permissions.check?.(null, permission, requestingUrl) ?? true);
      });
    });
    expect(granted).toEqual([['clipboard-sanitized-write', 'app://console/index.html']]);
  });

  test('electron-store tells no page where the data lies', async () => {
    const { app } = desktop;
    expect(await app.evaluate(({ ipcMain }) => ipcMain.listenerCount('electron-store-get-data'))).toBe(0);
  });
});

describe('settings and secrets', () => {
  test('settings are the same file that the headless host reads, and the secret is in none of the files', async () => {
    const dataDir = makeDataDir();
    const { app, page } = await startDesktop(folder, dataDir);
    const shown = await page.evaluate(() =>
      (window as unknown as Page).electron.updateSettings({
        submissionEndpoint: 'https://lis.example.test/sessions',
        submissionAuthHeader: 'Bearer desktop-token-4711',
        submissionConcurrency: 4,
      }),
    );
    expect(shown).toMatchObject({ secretsSet: ['submissionAuthHeader'], settings: { submissionConcurrency: 4 } });
    await app.close();
    expect(JSON.parse(readFileSync(join(dataDir, 'settings.json'), 'utf8'))).toEqual({
      submissionEndpoint: 'https://lis.example.test/sessions',
      submissionConcurrency: 4,
    });
    expect(readFileSync(join(dataDir, 'authorization.safe'), 'utf8')).not.toContain('desktop-token');
    expect(existsSync(join(dataDir, 'authorization'))).toBe(false);
    expect(readFileSync(join(dataDir, 'desktop/courier.log'), 'utf8')).not.toContain('desktop-token');
    const again = await startDesktop(folder, dataDir);
    expect(await again.page.evaluate(() => (window as unknown as Page).electron.getSettings())).toMatchObject({
      secretsSet: ['submissionAuthHeader'],
    });
  });

  test.runIf(realElectron === null)('without a keychain the secret lasts for this run, and the operator is told', async () => {
    const dataDir = makeDataDir();
    const { app, page } = await startDesktop(folder, dataDir, { environment: { STAND_IN_KEYCHAIN: 'none' } });
    expect(
      await page.evaluate(() =>
        (window as unknown as Page).electron.updateSettings({ submissionAuthHeader: 'Bearer desktop-token-4711' }),
      ),
    ).toMatchObject({ secretsSet: ['submissionAuthHeader'] });
    expect(await page.evaluate(() => (window as unknown as Page).electron.getHostOptions())).toMatchObject({
      secretStorage: 'none',
    });
    expect(await page.evaluate(() => (window as unknown as Page).electron.getStatus())).toMatchObject({
      problems: [{ code: 'secret.notKept', message: expect.stringContaining('for this run only') }],
    });
    const told = () =>
      app.evaluate((electron) => {
        const { standIn } = electron as unknown as typeof import('../support/electron-stand-in/module.ts');
        return standIn.notifications.map(({ body }) => body);
      });
    await until('a notification says so', async () => (await told()).length > 0);
    expect(await told()).toEqual([expect.stringContaining('for this run only')]);
    expect(existsSync(join(dataDir, 'authorization.safe'))).toBe(false);
    await app.close();
    const again = await startDesktop(folder, dataDir, { environment: { STAND_IN_KEYCHAIN: 'none' } });
    expect(await again.page.evaluate(() => (window as unknown as Page).electron.getSettings())).toMatchObject({ secretsSet: [] });
  });
});

describe('tray and notifications', () => {
  test.runIf(realElectron === null)('an outage is told once when it begins and once when it ends', async () => {
    const endpoint = await startEndpoint(() => 401);
    const dataDir = makeDataDir();
    dropSessions(dataDir, 'held', 4);
    const { app, page } = await startDesktop(folder, dataDir);
    await page.evaluate(
      (submissionEndpoint) => (window as unknown as Page).electron.updateSettings({ submissionEndpoint }),
      endpoint.url,
    );
    const seen = () =>
      app.evaluate((electron) => {
        const { standIn } = electron as unknown as typeof import('../support/electron-stand-in/module.ts');
        return {
          notes: standIn.notifications.map(({ title, body }) => `${title}. ${body}`),
          tray: standIn.trays[0]?.toolTip ?? '',
        };
      });
    await until('the tray says that delivery stopped', async () => (await seen()).tray.includes('Delivery stopped'));
    const posts = endpoint.posts.length;
    await page.evaluate(() => (window as unknown as Page).electron.triggerSubmissionNow());
    await until('a probe was refused', () => endpoint.posts.length > posts);
    endpoint.answer = () => 201;
    await page.evaluate(() => (window as unknown as Page).electron.triggerSubmissionNow());
    await until('all is delivered', () => statusCounts(dataDir)['submitted'] === 4);
    await until('the tray says so', async () => (await seen()).tray.includes('All sessions are delivered'));
    await until('both notifications were shown', async () => (await seen()).notes.length >= 2);
    expect((await seen()).notes).toEqual([
      expect.stringMatching(/^Delivery stopped\. .*held, nothing lost\.$/),
      expect.stringMatching(/^Delivering again\. After (less than a|\d+) minutes?\. 4 sent, 0 failed\.$/),
    ]);
  });
});

describe('the end', () => {
  test('quitting waits for the answer that is on its way, says so, and records it', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const endpoint = await startEndpoint(() => promise);
    const dataDir = makeDataDir();
    dropSession(dataDir, 'late');
    const { app, page } = await startDesktop(folder, dataDir);
    await page.evaluate(
      (submissionEndpoint) => (window as unknown as Page).electron.updateSettings({ submissionEndpoint }),
      endpoint.url,
    );
    await until('the session is on its way', () => endpoint.inFlight() === 1);
    const note = app.waitForEvent('window', patiently);
    const ended = app.waitForEvent('close', patiently);
    await app.evaluate(({ app: host }) => host.quit());
    const noted = await note;
    await noted.getByText('Finishing what is on its way').waitFor();
    resolve(201);
    await ended;
    expect(readStored(dataDir, 'late').submissionStatus).toBe('submitted');
    expect(existsSync(join(dataDir, 'owner.json'))).toBe(false);
  });

  test('a signal ends it like a quit', async () => {
    const dataDir = makeDataDir();
    const { app } = await startDesktop(folder, dataDir);
    const ended = app.waitForEvent('close', patiently);
    app.process().kill('SIGTERM');
    await ended;
    expect(existsSync(join(dataDir, 'owner.json'))).toBe(false);
  });

  test('a second start shows the first one and ends', async () => {
    const dataDir = makeDataDir();
    const { app, page } = await startDesktop(folder, dataDir);
    await page.close();
    await noWindow(app);
    const opened = app.waitForEvent('window', patiently);
    const { code } = await spawnDesktop(folder, dataDir).ended;
    expect(code).toBe(0);
    await (await opened).locator('#root > *').first().waitFor();
  });

  test.runIf(realElectron === null)('a data directory that the headless host owns is named with its owner', async () => {
    const dataDir = makeDataDir();
    const service = await startService(dataDir);
    const { code, stderr } = await spawnDesktop(folder, dataDir).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(String(service.pid));
    await service.stop();
  });
});

describe('the inspector', () => {
  test('shows the machines when it is asked for, without content and secrets', async () => {
    const endpoint = await startEndpoint(() => 400);
    const dataDir = makeDataDir();
    dropSession(dataDir, 'watched');
    const { page } = await startDesktop(folder, dataDir, { args: ['--inspect-machines'] });
    const logPath = join(dataDir, 'desktop/courier.log');
    const url = await until(
      'the log names the address',
      () => existsSync(logPath) && /"url":"(http:\/\/127\.0\.0\.1:\d+\/)"/.exec(readFileSync(logPath, 'utf8'))?.[1],
    );
    const stream = await fetch(`${url}events`);
    await page.evaluate(
      (submissionEndpoint) =>
        (window as unknown as Page).electron.updateSettings({
          submissionEndpoint,
          submissionAuthHeader: 'Bearer desktop-token-4711',
        }),
      `${endpoint.url}?key=in-the-query`,
    );
    let text = '';
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    while (!text.includes('xstate.done.actor.session.watched')) text += (await reader?.read())?.value ?? '';
    await reader?.cancel();
    expect(text).toContain('"value":"dispatching"');
    for (const leak of ['desktop-token', patientName, 'MSH|', 'in-the-query', endpoint.origin]) expect(text).not.toContain(leak);
  });
});
