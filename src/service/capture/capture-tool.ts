/**
 * What there is to know of the capture tool, Wireshark's dumpcap: where it lies, how it is called, what it says, and
 * what an operator has to do when it cannot capture.
 * https://www.wireshark.org/docs/man-pages/dumpcap.html
 * May import: src/common, src/service/capture, node:fs, node:child_process.
 */
import { existsSync } from 'node:fs';
import type { CaptureSettings } from './session-builder.ts';

/** Packets wait in the kernel while the service is busy, MiB. */
const kernelBufferMiB = 32;

type Platform = 'linux' | 'darwin' | 'win32';

/** Where installers put it, for systems that do not add it to the search path. */
const usualPlaces: Readonly<Record<Platform, readonly string[]>> = {
  linux: ['/usr/bin/dumpcap', '/usr/local/bin/dumpcap', '/usr/sbin/dumpcap'],
  darwin: ['/Applications/Wireshark.app/Contents/MacOS/dumpcap', '/opt/homebrew/bin/dumpcap', '/usr/local/bin/dumpcap'],
  win32: ['C:\\Program Files\\Wireshark\\dumpcap.exe', 'C:\\Program Files (x86)\\Wireshark\\dumpcap.exe'],
};

/** The program to start: from its usual place, else whatever the search path has. */
export function toolProgram(platform: string, exists: (path: string) => boolean = existsSync): string {
  return usualPlaces[platformOf(platform)].find((path) => exists(path)) ?? 'dumpcap';
}

function platformOf(platform: string): Platform {
  return platform === 'darwin' || platform === 'win32' ? platform : 'linux';
}

/** A filter for libpcap: the ports, and what of TCP is fragmented and shows no port. */
export function captureFilter({
  capturePorts,
  captureDevicePorts,
}: Pick<CaptureSettings, 'capturePorts' | 'captureDevicePorts'>): string {
  const ports = [...new Set([...capturePorts, ...captureDevicePorts])].map((port) => `tcp port ${port}`);
  return [...ports, '(ip proto 6 and ip[6:2] & 0x1fff != 0)', '(ip6[6] = 44)'].join(' or ');
}

/** Its arguments: classic pcap to stdout, quietly. A list, so that no shell ever reads a setting. */
export function toolArguments(settings: Parameters<typeof captureFilter>[0] & { captureInterface: string }): string[] {
  return ['-P', '-q', '-w', '-', '-i', settings.captureInterface, '-f', captureFilter(settings), '-B', String(kernelBufferMiB)];
}

/** Packets that the kernel or the tool had to drop, from what it says at its end; 0 when it does not say. */
export function droppedPackets(said: string): number {
  const match = /Packets received\/dropped on interface .*?: \d+\/(\d+)/.exec(said);
  return Number(match?.[1] ?? 0);
}

const remedies: Readonly<Record<'notFound' | 'noPermission', Readonly<Record<Platform, string>>>> = {
  notFound: {
    linux: 'install it with "sudo apt install wireshark-common" (or your system\'s Wireshark package)',
    darwin: 'install Wireshark from wireshark.org, which brings it',
    win32: 'install Wireshark from wireshark.org and choose Npcap in its installer',
  },
  noPermission: {
    linux:
      'run "sudo dpkg-reconfigure wireshark-common", add the service\'s user to the group wireshark, and start the service again',
    darwin: 'install ChmodBPF, which comes with Wireshark, and log in again',
    win32: 'install Npcap without "Restrict access to Administrators only", or run the service as an administrator',
  },
};

/** One sentence for the operator: what is wrong, and what to do about it. */
export function toolFailure({
  said,
  errorCode,
  exitCode,
  captureInterface,
  platform,
}: {
  /** What it wrote to stderr. */
  said: string;
  /** Of the error that kept it from starting, if one did. */
  errorCode?: string | undefined;
  exitCode?: number | null;
  captureInterface: string;
  platform: string;
}): string {
  const system = platformOf(platform);
  if (errorCode === 'ENOENT') return `The capture tool dumpcap was not found: ${remedies.notFound[system]}.`;
  if (errorCode === 'EACCES' || errorCode === 'EPERM' || /permission|not permitted|access (is )?denied/i.test(said))
    return `There is no permission to capture on "${captureInterface}": ${remedies.noPermission[system]}.`;
  if (/no such device|there is no device|no interface|is not up|can't be found|No interfaces available/i.test(said))
    return `There is no network interface "${captureInterface}" to capture on: choose one of those that the settings list, or switch it on.`;
  if (/capture filter/i.test(said))
    return `The interface "${captureInterface}" cannot be filtered by TCP ports: choose an interface that carries IP.`;
  if (errorCode !== undefined) return `The capture tool dumpcap could not be started (${errorCode}): check its installation.`;
  return `The capture tool dumpcap ended by itself (exit code ${exitCode ?? 'none'}) on "${captureInterface}": it is started again; if this repeats, check the interface.`;
}
