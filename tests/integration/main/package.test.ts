/**
 * The package of the desktop application: what is in it, what is not, and that the host runs with nothing else.
 */
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bridge } from '../../../src/preload/bridge.ts';
import { until } from '../../support/courier-process.ts';
import { realElectron, startDesktop } from '../../support/desktop.ts';
import { type DesktopPackage, fusesOf, packDesktop } from '../../support/packaged-desktop.ts';
import { startEndpoint } from '../../support/scripted-endpoint.ts';
import { dropSessions, makeDataDir, statusCounts } from '../../support/session-folder.ts';

const megabyte = 1024 * 1024;
const missing = process.platform === 'linux' ? null : 'it packs for Linux, on Linux';
if (missing !== null) console.log(`Not run, because ${missing}: the package of the desktop application.`);

describe.skipIf(missing !== null)('the package', () => {
  let made: DesktopPackage;
  beforeAll(async () => {
    made = await packDesktop();
  });
  afterAll(() => made.remove());

  test('holds host, preload script, console and the threads of the service', () => {
    expect([...made.files.keys()]).toEqual(
      expect.arrayContaining([
        'package.json',
        'out/main/index.js',
        'out/main/import-thread.js',
        'out/main/read-thread.js',
        'out/main/record-thread.js',
        'out/preload/index.cjs',
        'out/renderer/index.html',
      ]),
    );
  });

  test('holds no sources, tests, packages, secrets or maps, and is small', () => {
    const names = [...made.files.keys()].filter((name) => name !== 'package.json');
    expect(names.filter((name) => !/^out\/(main|preload|renderer)\//.test(name))).toEqual([]);
    expect(names.filter((name) => !/\.(js|cjs|html|css|woff2|svg|png)$/.test(name))).toEqual([]);
    expect(names.filter((name) => readFileSync(join(made.extracted, name), 'utf8').includes('of-a-developer'))).toEqual([]);
    const bytes = [...made.files.values()].reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeGreaterThan(megabyte);
    expect(bytes).toBeLessThan(6 * megabyte);
  });

  test('asks for nothing that it does not hold, but Electron and what Node brings along', () => {
    const known = new Set(['electron', ...builtinModules, ...builtinModules.map((name) => `node:${name}`)]);
    // Development only.
    known.add('@statelyai/inspect').add('node:sqlite');
    const code = [...made.files.keys()].filter((name) => /^out\/(main|preload)\/.*\.c?js$/.test(name));
    const asked = code.flatMap((name) => importsOf(readFileSync(join(made.extracted, name), 'utf8')));
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((name) => !name.startsWith('.') && !known.has(name))).toEqual([]);
  });

  test('closes the doors of Electron that are fuses', async () => {
    expect(await fusesOf(join(made.folder, 'hl7-courier'))).toEqual({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
      grantFileProtocolExtraPrivileges: false,
    });
  });

  test('brings the licences: ours, those of the packages built in, and Electron’s', () => {
    for (const name of ['resources/LICENSE.txt', 'resources/LICENSES.third-party.txt', 'LICENSE.electron.txt'])
      expect([name, existsSync(join(made.folder, name))]).toEqual([name, true]);
  });

  test('says as deb what it is, who answers for it, and where it stands in the menu', () => {
    const said = (option: string) => made.debArguments[made.debArguments.indexOf(option) + 1];
    expect(['--name', '--maintainer', '--url', '--license', '--category'].map(said)).toEqual([
      'hl7-courier',
      expect.stringMatching(/^[^<>]+ <[^<>@\s]+@[^<>\s]+>$/),
      expect.stringMatching(/^https:\/\//),
      'MIT',
      'science',
    ]);
    for (const side of [16, 48, 512])
      expect(made.debArguments.join('\n')).toContain(`/usr/share/icons/hicolor/${side}x${side}/apps/hl7-courier.png`);
    expect(made.menuEntry.split('\n')).toEqual(
      expect.arrayContaining([
        '[Desktop Entry]',
        'Name=HL7 Courier',
        'Exec="/opt/HL7 Courier/hl7-courier" %U',
        'Icon=hl7-courier',
        'StartupWMClass=hl7-courier',
        'Categories=Science;MedicalSoftware;',
      ]),
    );
  });

  test.runIf(realElectron === null)('runs with nothing else: it shows the console and delivers sessions', async () => {
    const endpoint = await startEndpoint();
    const dataDir = makeDataDir();
    dropSessions(dataDir, 'packed', 3);
    const { page, faults } = await startDesktop(join(made.extracted, 'out'), dataDir);
    await page.evaluate(
      (submissionEndpoint) => (window as unknown as { electron: Bridge }).electron.updateSettings({ submissionEndpoint }),
      endpoint.url,
    );
    await until('all sessions are delivered', () => statusCounts(dataDir)['submitted'] === 3);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    expect(faults).toEqual([]);
  });
});

/** What a built file imports; its lines begin with `import`, `export` or hold a `require` of what it did not bundle. */
function importsOf(code: string): string[] {
  const patterns = [/^(?:import|export)\b[^;'"]*?\bfrom\s*["']([^"']+)["']/gm, /^import\s*["']([^"']+)["']/gm];
  const lazily = [/\bimport\(\s*["']([^"']+)["']\s*\)/g, /\b__require\(\s*["']([^"']+)["']\s*\)/g];
  return [...patterns, ...lazily].flatMap((pattern) => [...code.matchAll(pattern)].map(([, name = '']) => name));
}
