/**
 * What the desktop application can be started with:
 *   [--data-dir DIR] [--hidden] [--inspect-machines[=PORT]]
 * Chromium and the system add arguments of their own, so what is not known is left alone.
 * May import: node, src/service.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultDataDir } from '../service/data-dir.ts';

export interface DesktopOptions {
  dataDir: string;
  /** Starts without a window: at login. */
  isHidden: boolean;
  /** Port of the inspector's page on this computer, 0 for any; null when the machines are not inspected. */
  inspectPort: number | null;
}

/** @param args without the executable and the script. */
export function desktopOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): DesktopOptions {
  const { values } = parseArgs({ args: [...args], strict: false, allowPositionals: true, options });
  const dataDir = textOf(values['data-dir']);
  const inspect = values['inspect-machines'];
  return {
    dataDir: dataDir === null ? defaultDataDir(environment) : resolve(dataDir),
    isHidden: values['hidden'] === true,
    inspectPort: inspect === undefined ? null : portOf(textOf(inspect)),
  };
}

const options = {
  'data-dir': { type: 'string' },
  hidden: { type: 'boolean' },
  'inspect-machines': { type: 'boolean' },
} as const;

const textOf = (value: string | boolean | undefined | (string | boolean)[]) =>
  typeof value === 'string' && value !== '' ? value : null;
const portOf = (text: string | null) => (text !== null && /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : 0);
