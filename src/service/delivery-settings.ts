/**
 * The part of the settings that the worker's rules go by.
 * May import: src/common, machines, src/service.
 */
import type { Settings } from '../common/settings.ts';
import type { DeliverySettings } from '../../machines/worker.ts';
import type { Destination } from './delivery/destination.ts';

const minuteMs = 60_000;

/** @param destination null: nothing can be sent. */
export function deliverySettings(settings: Settings, destination: Destination | null): DeliverySettings {
  return {
    concurrency: settings.submissionConcurrency,
    attemptsMax: settings.submissionMaxRetries,
    intervalMs: settings.submissionIntervalMinutes * minuteMs,
    jitter: settings.submissionBackoffJitter,
    destination: destination?.key ?? null,
  };
}
