/**
 * The desktop's package as electron-builder makes it from electron-builder.yml, without Electron: a folder with a
 * stand-in for its executable takes the place of what would be downloaded (docs/decisions/desktop-packaging.md).
 * May import: electron-builder, @electron/asar, tests/support, node.
 */
import { extractAll, getRawHeader, statFile } from '@electron/asar';
import { build, Platform } from 'electron-builder';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from './built-once.ts';
import { builtDesktop } from './desktop.ts';

export interface DesktopPackage {
  /** As it would be installed: the executable, and `resources/`. */
  folder: string;
  /** Path of each file in app.asar, with its size in bytes. */
  files: Map<string, number>;
  /** app.asar unpacked, far from the project: what it does not hold cannot be found. */
  extracted: string;
  /** What fpm, which makes the deb, would be given. */
  debArguments: string[];
  /** The entry of the system's menu. */
  menuEntry: string;
  remove(): Promise<void>;
}

/** What Electron's executables carry, so that fuses can be set: a mark, a version, and one character for each fuse. */
const fuseMark = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const fuseNames = [
  'runAsNode',
  'enableCookieEncryption',
  'enableNodeOptionsEnvironmentVariable',
  'enableNodeCliInspectArguments',
  'enableEmbeddedAsarIntegrityValidation',
  'onlyLoadAppFromAsar',
  'loadBrowserProcessSpecificV8Snapshot',
  'grantFileProtocolExtraPrivileges',
];
/** As Electron is delivered: everything open that can be. */
const wireOfElectron = '10110001';

export async function packDesktop(): Promise<DesktopPackage> {
  const built = await builtDesktop();
  const work = await mkdtemp(join(tmpdir(), 'hl7-courier-package-'));
  const project = join(work, 'project');
  await mkdir(project);
  for (const name of ['package.json', 'electron-builder.yml', 'LICENSE', 'src/main/icon'])
    await cp(join(projectRoot, name), join(project, name), { recursive: true });
  await cp(built, join(project, 'out'), { recursive: true });
  // What must not be taken along.
  for (const name of ['src/main/index.ts', 'tests/unit/main/ipc.test.ts', 'README.md'])
    await cp(join(projectRoot, name), join(project, name));
  await writeFile(join(project, '.env'), 'HL7_COURIER_AUTH_HEADER=Bearer of-a-developer\n');
  await writeFile(join(project, 'out/licences.txt'), 'The licences of all packages.\n');
  await symlink(join(projectRoot, 'node_modules'), join(project, 'node_modules'), 'junction');

  let debArguments: string[] = [];
  let menuEntry = '';
  await build({
    projectDir: project,
    config: { electronDist: await standInFor(work), directories: { output: join(work, 'dist') } },
    targets: Platform.LINUX.createTarget(['dir', 'deb']),
    publish: 'never',
    async effectiveOptionComputed(options: [string[], string]) {
      debArguments = options[0];
      menuEntry = await readFile(options[1], 'utf8');
      // No fpm: it would be downloaded.
      return true;
    },
  });
  const folder = join(work, 'dist/linux-unpacked');
  const archive = join(folder, 'resources/app.asar');
  const extracted = join(work, 'extracted');
  extractAll(archive, extracted);
  return {
    folder,
    files: filesOf(archive),
    extracted,
    debArguments,
    menuEntry,
    remove: () => rm(work, { recursive: true, force: true }),
  };
}

async function standInFor(work: string): Promise<string> {
  const folder = join(work, 'electron');
  await mkdir(join(folder, 'resources'), { recursive: true });
  const wire = Buffer.from([1, wireOfElectron.length]);
  const content = Buffer.concat([Buffer.from(`no program ${fuseMark}`), wire, Buffer.from(`${wireOfElectron}\n`)]);
  await writeFile(join(folder, 'electron'), content, { mode: 0o755 });
  await writeFile(join(folder, 'LICENSE'), 'The licence of Electron.\n');
  return folder;
}

/** The fuses of an executable, as they are set in it. */
export async function fusesOf(executable: string): Promise<Record<string, boolean>> {
  const content = await readFile(executable, 'latin1');
  const at = content.indexOf(fuseMark) + fuseMark.length + 2;
  return Object.fromEntries(fuseNames.map((name, index) => [name, content[at + index] === '1']));
}

function filesOf(archive: string): Map<string, number> {
  const files = new Map<string, number>();
  const walk = (entry: object, path: string) => {
    if (!('files' in entry)) return files.set(path, sizeOf(archive, path));
    for (const [name, inner] of Object.entries(entry.files as Record<string, object>))
      walk(inner, path === '' ? name : `${path}/${name}`);
  };
  walk(getRawHeader(archive).header, '');
  return files;
}

function sizeOf(archive: string, path: string): number {
  const entry = statFile(archive, path);
  return 'size' in entry ? entry.size : 0;
}
