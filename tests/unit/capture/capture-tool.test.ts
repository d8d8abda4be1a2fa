/** What the capture tool is told, and what an operator is told about it. */
import { expect, test } from 'vitest';
import { defaultSettings } from '../../../src/common/settings.ts';
import {
  captureFilter,
  droppedPackets,
  toolArguments,
  toolFailure,
  toolProgram,
} from '../../../src/service/capture/capture-tool.ts';
import { listInterfaces, parseInterfaces } from '../../../src/service/capture/network-interfaces.ts';

const failure = (more: Partial<Parameters<typeof toolFailure>[0]>) =>
  toolFailure({ said: '', captureInterface: 'eth0', platform: 'linux', ...more });

test('the filter holds every port once, and fragments', () => {
  expect(captureFilter({ capturePorts: [2575, 6661], captureDevicePorts: [6661, 5000] })).toBe(
    'tcp port 2575 or tcp port 6661 or tcp port 5000 or (ip proto 6 and ip[6:2] & 0x1fff != 0) or (ip6[6] = 44)',
  );
});

test('an interface name is one argument, whatever is in it', () => {
  const args = toolArguments({ ...defaultSettings, captureInterface: 'Wi-Fi; rm -rf /' });
  expect(args[args.indexOf('-i') + 1]).toBe('Wi-Fi; rm -rf /');
});

test.each([
  [{ errorCode: 'ENOENT', platform: 'linux' }, 'dumpcap was not found: install it with "sudo apt install wireshark-common"'],
  [{ errorCode: 'ENOENT', platform: 'win32' }, 'choose Npcap'],
  [{ errorCode: 'ENOENT', platform: 'freebsd' }, 'Wireshark package'],
  [{ errorCode: 'EACCES' }, 'no permission to capture on "eth0": run "sudo dpkg-reconfigure wireshark-common"'],
  [{ said: 'dumpcap: You do not have permission to capture on device "eth0".', platform: 'darwin' }, 'ChmodBPF'],
  [{ said: '(socket: Operation not permitted)', platform: 'win32' }, 'as an administrator'],
  [{ said: 'dumpcap: There is no device named "eth0".' }, 'There is no network interface "eth0"'],
  [{ said: 'Invalid capture filter "tcp port 1" for interface \'usb\'' }, 'choose an interface that carries IP'],
  [{ errorCode: 'EMFILE' }, 'could not be started (EMFILE)'],
  [{ exitCode: 2 }, 'ended by itself (exit code 2)'],
  [{ exitCode: null }, 'ended by itself (exit code none)'],
])('%o is told with what to do', (more, expected) => {
  expect(failure(more)).toContain(expected);
});

test('dropped packets are read from what the tool says at its end', () => {
  const said =
    "Packets captured: 9\nPackets received/dropped on interface 'Loopback: lo': 9/4 (pcap:4/dumpcap:0/flushed:0/ps_ifdrop:0) (69.2%)\n";
  expect(droppedPackets(said)).toBe(4);
  expect(droppedPackets('nothing')).toBe(0);
});

test('the tool is looked for in its usual place first', () => {
  expect(toolProgram('win32', (path) => path.includes('(x86)'))).toBe('C:\\Program Files (x86)\\Wireshark\\dumpcap.exe');
  expect(toolProgram('darwin', () => true)).toContain('Wireshark.app');
  expect(toolProgram('linux', () => false)).toBe('dumpcap');
});

test('interfaces are read as the tool lists them', () => {
  const text =
    '1. eth0\t\t\t0\t192.0.2.2,fd00::2\tnetwork\t\n3. lo\t\tLoopback\t0\t\tloopback\t\n4. \\Device\\NPF_{1}\tIntel\tEthernet 2\t0\t10.0.0.1\tnetwork\r\nnonsense\n';
  expect(parseInterfaces(text)).toEqual([
    { name: 'eth0', addresses: ['192.0.2.2', 'fd00::2'] },
    { name: 'lo', description: 'Loopback', addresses: [] },
    { name: '\\Device\\NPF_{1}', description: 'Ethernet 2', addresses: ['10.0.0.1'] },
  ]);
});

test('without the tool, the system lists its interfaces', async () => {
  const address = { address: '127.0.0.1', family: 'IPv4' as const, netmask: '', mac: '', internal: true, cidr: null };
  expect(
    await listInterfaces({ program: '/no/such/dumpcap', systemInterfaces: () => ({ lo: [address], down: undefined }) }),
  ).toEqual([
    { name: 'lo', addresses: ['127.0.0.1'] },
    { name: 'down', addresses: [] },
  ]);
});
