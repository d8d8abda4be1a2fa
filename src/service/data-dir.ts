/**
 * Where the data of this computer's HL7 Courier lies unless somebody says otherwise: one place for both hosts, so that
 * the command line sees what the desktop does.
 * May import: node.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** @returns an absolute path, by the habits of the system. */
export function defaultDataDir(
  environment: Readonly<Record<string, string | undefined>>,
  { platform, home }: { platform: NodeJS.Platform; home: string } = { platform: process.platform, home: homedir() },
): string {
  if (platform === 'win32') return join(environment['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'hl7-courier');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'hl7-courier');
  return join(environment['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'hl7-courier');
}
