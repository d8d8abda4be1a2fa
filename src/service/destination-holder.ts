/**
 * The current destination: endpoint, header and certificates replaced as one value when the settings change or a
 * certificate is renewed in its file, the old one let go when its requests have ended.
 *   settings changed -> made anew; one that cannot be made is a problem, and nothing is sent meanwhile
 *   files changed    -> made anew; while they do not fit (half a pair, a file cut short) the old one stays, and is told
 * May import: src/common, src/service.
 */
import { CourierError } from '../common/errors.ts';
import { unusableEndpointCode } from '../common/problem-codes.ts';
import type { SettingKey, Settings } from '../common/settings.ts';
import { makeDestination, type Destination } from './delivery/destination.ts';
import type { Environment } from './delivery/proxy.ts';
import { fileMark } from './file-mark.ts';
import type { Problems } from './problems.ts';

const renewalCode = 'certificates.unusable';
const destinationKeys = new Set<SettingKey>([
  'submissionEndpoint',
  'allowInsecureEndpoint',
  'submissionAuthHeader',
  'submissionCaFile',
  'submissionClientCertFile',
  'submissionClientKeyFile',
  'submissionTimeoutSeconds',
  'submissionStatusRules',
  'submissionProxy',
  'submissionPerformer',
]);

/** Whether a change of these keys makes a new destination. */
export function concernsDestination(keys: readonly SettingKey[]): boolean {
  return keys.some((key) => destinationKeys.has(key));
}

/** The state of the files that the settings name. */
const marksOf = ({ submissionCaFile, submissionClientCertFile, submissionClientKeyFile }: Settings): string =>
  [submissionCaFile, submissionClientCertFile, submissionClientKeyFile]
    .map((path) => (path === '' ? '' : fileMark(path)))
    .join('\n');

export class DestinationHolder {
  readonly #environment: Environment;
  readonly #problems: Problems;
  #current: Destination | null = null;
  #settings: Settings;
  /** Of the files as they were looked at last. */
  #marks = '';

  constructor(settings: Settings, environment: Environment, problems: Problems) {
    this.#environment = environment;
    this.#problems = problems;
    this.#settings = settings;
    this.replace(settings);
  }

  get current(): Destination | null {
    return this.#current;
  }

  /** Why there is none although an endpoint is set; null when there is nothing to complain about. */
  get complaint(): string | null {
    return this.#problems.all.find(({ code }) => code === unusableEndpointCode)?.message ?? null;
  }

  replace(settings: Settings): void {
    const before = this.#current;
    this.#settings = settings;
    // Marked before they are read: what is written meanwhile is seen by the next look.
    this.#marks = marksOf(settings);
    const made = this.#make();
    this.#current = made.destination;
    this.#problems.end(renewalCode);
    if (made.complaint === null) this.#problems.end(unusableEndpointCode);
    else this.#problems.open(unusableEndpointCode, made.complaint);
    before?.close();
  }

  /** Looks whether the certificates were renewed in their files. @returns whether the destination is another one now. */
  look(): boolean {
    const marks = marksOf(this.#settings);
    if (marks === this.#marks) return false;
    const { destination, complaint } = this.#make();
    if (complaint !== null) {
      this.#marks = marks;
      if (this.#current === null) this.#problems.open(unusableEndpointCode, complaint);
      else this.#problems.open(renewalCode, `${complaint} Until then the certificates read before stay in use.`);
      return false;
    }
    const isBeingWritten = marksOf(this.#settings) !== marks;
    if (isBeingWritten || destination?.key === this.#current?.key) destination?.close();
    // The next look sees what became of them.
    if (isBeingWritten) return false;
    this.#marks = marks;
    this.#problems.end(unusableEndpointCode);
    this.#problems.end(renewalCode);
    if (destination?.key === this.#current?.key) return false;
    this.#current?.close();
    this.#current = destination;
    return true;
  }

  close(): void {
    this.#current?.close();
  }

  #make(): { destination: Destination | null; complaint: string | null } {
    try {
      return { destination: makeDestination(this.#settings, { environment: this.#environment }), complaint: null };
    } catch (error) {
      if (!(error instanceof CourierError)) throw error;
      return { destination: null, complaint: error.message };
    }
  }
}
