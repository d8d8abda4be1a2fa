/**
 * The current destination: endpoint, header and certificates replaced as one value when the settings change, the old
 * one let go when its requests have ended. One that cannot be made is a problem the operator is told, and nothing is
 * sent meanwhile.
 * May import: src/common, src/service.
 */
import { CourierError } from '../common/errors.ts';
import type { SettingKey, Settings } from '../common/settings.ts';
import { makeDestination, type Destination } from './delivery/destination.ts';
import type { Environment } from './delivery/proxy.ts';
import type { Problems } from './problems.ts';

const problemCode = 'endpoint.unusable';
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

export class DestinationHolder {
  readonly #environment: Environment;
  readonly #problems: Problems;
  #current: Destination | null = null;

  constructor(settings: Settings, environment: Environment, problems: Problems) {
    this.#environment = environment;
    this.#problems = problems;
    this.replace(settings);
  }

  get current(): Destination | null {
    return this.#current;
  }

  /** Why there is none although an endpoint is set; null when there is nothing to complain about. */
  get complaint(): string | null {
    return this.#problems.all.find(({ code }) => code === problemCode)?.message ?? null;
  }

  replace(settings: Settings): void {
    const before = this.#current;
    try {
      this.#current = makeDestination(settings, { environment: this.#environment });
      this.#problems.end(problemCode);
    } catch (error) {
      if (!(error instanceof CourierError)) throw error;
      this.#current = null;
      this.#problems.open(problemCode, error.message);
    }
    before?.close();
  }

  close(): void {
    this.#current?.close();
  }
}
