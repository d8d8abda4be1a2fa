/**
 * Every setting as the operator meets it: its group, label, help and the kind of field. Ranges come from the schema.
 * May import: src/common.
 */
import type { SettingKey } from '../../common/settings.ts';

export const groups = [
  {
    id: 'endpoint',
    label: 'Endpoint',
    intro:
      'Where results go, and how we prove who we are. URL, authorization and certificates that change together take effect together.',
  },
  { id: 'delivery', label: 'Delivery', intro: 'How many at once, how often, how patient.' },
  {
    id: 'answers',
    label: 'Answers',
    intro:
      'What an HTTP status means. Endpoints differ: a status can be moved to another class here. All others keep their usual meaning.',
  },
  { id: 'capture', label: 'Capture', intro: 'What is listened to. Capture reads along and never stands in the way.' },
  {
    id: 'storage',
    label: 'Storage and clean-up',
    intro: 'How long results stay on disk. What was not delivered is never removed by age.',
  },
  { id: 'look', label: 'Start and look', intro: 'How the application starts, and how the console looks on this computer.' },
  { id: 'backup', label: 'Backup', intro: 'Take the settings along, bring them back, and see who looked at patient fields.' },
] as const;
export type GroupId = (typeof groups)[number]['id'];

type Kind =
  | { kind: 'text'; isMono?: boolean; placeholder?: string }
  | { kind: 'secret' }
  | { kind: 'file'; purpose: 'certificate' | 'key' }
  | { kind: 'number'; unit: string }
  | { kind: 'flag' }
  | { kind: 'ports' }
  | { kind: 'choice'; options: readonly { id: string; label: string }[] }
  | { kind: 'interface' }
  | { kind: 'rules' }
  | { kind: 'markers' };
export type SettingField = { key: SettingKey; group: GroupId; label: string; help?: string } & Kind;

export const settingFields: readonly SettingField[] = [
  {
    key: 'submissionEndpoint',
    group: 'endpoint',
    label: 'URL',
    kind: 'text',
    isMono: true,
    placeholder: 'https://results.example.org/sessions',
    help: 'Starts with https://. Plain http only to this computer, or when it is allowed below. Empty: nothing is sent.',
  },
  { key: 'submissionAuthHeader', group: 'endpoint', label: 'Authorization', kind: 'secret' },
  {
    key: 'submissionCaFile',
    group: 'endpoint',
    label: 'CA file',
    kind: 'file',
    purpose: 'certificate',
    help: "PEM file with the hospital's own authority. The system's are trusted as well.",
  },
  { key: 'submissionClientCertFile', group: 'endpoint', label: 'Client certificate', kind: 'file', purpose: 'certificate' },
  {
    key: 'submissionClientKeyFile',
    group: 'endpoint',
    label: 'Client key',
    kind: 'file',
    purpose: 'key',
    help: 'Belongs to the certificate: set both or neither.',
  },
  {
    key: 'submissionProxy',
    group: 'endpoint',
    label: 'Proxy',
    kind: 'text',
    isMono: true,
    placeholder: 'From the environment',
    help: 'Empty: HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment. A URL entered here wins over them.',
  },
  { key: 'submissionTimeoutSeconds', group: 'endpoint', label: 'Time limit', kind: 'number', unit: 'seconds for one attempt' },
  {
    key: 'allowInsecureEndpoint',
    group: 'endpoint',
    label: 'Plain http',
    kind: 'flag',
    help: 'Allow an endpoint without encryption. Patient data would cross the network readable.',
  },
  {
    key: 'submissionConcurrency',
    group: 'delivery',
    label: 'At once',
    kind: 'number',
    unit: 'requests in flight',
    help: 'More is faster, and more load for the endpoint.',
  },
  {
    key: 'submissionMaxRetries',
    group: 'delivery',
    label: 'Attempts',
    kind: 'number',
    unit: 'in all, within a cycle',
    help: '1, 2, 4 ... seconds apart, at most a minute; longer if the endpoint asks for it.',
  },
  { key: 'submissionIntervalMinutes', group: 'delivery', label: 'Cycle', kind: 'number', unit: 'minutes between cycles' },
  {
    key: 'submissionBackoffJitter',
    group: 'delivery',
    label: 'Jitter',
    kind: 'number',
    unit: 'share of a wait added at random',
    help: 'So that many workstations do not come back at the same moment.',
  },
  {
    key: 'submissionPerformer',
    group: 'delivery',
    label: 'Performer',
    kind: 'text',
    isMono: true,
    placeholder: 'Organization/42',
    help: 'FHIR reference, sent along when set.',
  },
  { key: 'submissionStatusRules', group: 'answers', label: 'Exceptions', kind: 'rules' },
  {
    key: 'captureInterface',
    group: 'capture',
    label: 'Interface',
    kind: 'interface',
    help: 'Choosing one starts capture by itself.',
  },
  {
    key: 'capturePorts',
    group: 'capture',
    label: 'LIS ports',
    kind: 'ports',
    help: 'TCP ports (1-65535) on the LIS side, separated by commas, at most 64.',
  },
  {
    key: 'captureDevicePorts',
    group: 'capture',
    label: 'Device ports',
    kind: 'ports',
    help: 'TCP ports of devices that listen, for a LIS that connects to them.',
  },
  {
    key: 'captureFraming',
    group: 'capture',
    label: 'Framing',
    kind: 'choice',
    options: [
      { id: 'auto', label: 'Found out by itself' },
      { id: 'mllp', label: 'MLLP' },
      { id: 'lis', label: 'LIS (ENQ, STX, EOT)' },
    ],
  },
  { key: 'captureIdleMinutes', group: 'capture', label: 'Idle end', kind: 'number', unit: 'minutes of silence end a session' },
  {
    key: 'captureMarkers',
    group: 'capture',
    label: 'LIS markers',
    kind: 'markers',
    help: 'For devices with other bytes than usual: one to four bytes each, as hexadecimal digits.',
  },
  {
    key: 'enablePersistence',
    group: 'storage',
    label: 'Keep sessions',
    kind: 'flag',
    help: 'Off: what is captured is not written to disk, and so not sent.',
  },
  { key: 'retentionDays', group: 'storage', label: 'Keep for', kind: 'number', unit: 'days, then to the trash' },
  { key: 'trashDays', group: 'storage', label: 'Trash for', kind: 'number', unit: 'days, then gone' },
  { key: 'cleanupIntervalHours', group: 'storage', label: 'Clean up', kind: 'number', unit: 'hours between clean-ups' },
  {
    key: 'dryRunMode',
    group: 'storage',
    label: 'Report only',
    kind: 'flag',
    help: 'On: a clean-up says what it would do, and moves nothing.',
  },
  {
    key: 'logLevel',
    group: 'look',
    label: 'Log level',
    kind: 'choice',
    options: [
      { id: 'error', label: 'Errors only' },
      { id: 'warn', label: 'Warnings' },
      { id: 'info', label: 'Info' },
      { id: 'debug', label: 'Debug' },
    ],
  },
];
export const labelOf = (key: SettingKey): string => settingFields.find((field) => field.key === key)?.label ?? key;
/** A sentence of the service as the form says it: settings by their labels, not by their keys. */
export const withLabels = (sentence: string): string =>
  sentence.replaceAll(/\b[a-z]+[A-Z][A-Za-z]+\b/g, (word) => labelOf(word as SettingKey));
