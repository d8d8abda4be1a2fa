/**
 * Lists the network interfaces that can be captured on, by the names that the setting `captureInterface` takes.
 * May import: src/service/capture, node:child_process, node:os.
 */
import { execFile } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { toolProgram } from './capture-tool.ts';

export interface ListedInterface {
  name: string;
  description?: string;
  addresses: string[];
}

const answerMs = 10_000;

/** Asks the capture tool; without it, the system's own list, which lacks interfaces that have no address. */
export async function listInterfaces({
  program = toolProgram(process.platform),
  systemInterfaces = networkInterfaces,
}: { program?: string; systemInterfaces?: typeof networkInterfaces } = {}): Promise<ListedInterface[]> {
  const said = await new Promise<string>((resolve) => {
    execFile(program, ['-D', '-M'], { timeout: answerMs, windowsHide: true }, (error, stdout) =>
      resolve(error === null ? stdout : ''),
    );
  });
  const listed = parseInterfaces(said);
  if (listed.length > 0) return listed;
  return Object.entries(systemInterfaces()).map(([name, entries]) => ({
    name,
    addresses: (entries ?? []).map(({ address }) => address),
  }));
}

/** Lines of `dumpcap -D -M`: number and name, vendor's description, friendly name, type, addresses, kind; by tabs. */
export function parseInterfaces(text: string): ListedInterface[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [numbered = '', vendor = '', friendly = '', , addresses = ''] = line.split('\t');
    const name = /^\d+\. (.+)$/.exec(numbered)?.[1];
    if (name === undefined) return [];
    const description = friendly || vendor;
    return [
      {
        name,
        ...(description === '' ? {} : { description }),
        addresses: addresses.split(',').filter((address) => address !== ''),
      },
    ];
  });
}
