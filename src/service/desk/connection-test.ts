/**
 * *Test connection*: the way to the endpoint with the settings as they are, a change applied, without sending a session.
 * May import: src/common, src/service.
 */
import type { ConnectionTest } from '../../common/console.ts';
import { checkEndpoint } from '../delivery/check-endpoint.ts';
import { makeDestination } from '../delivery/destination.ts';
import type { Environment } from '../delivery/proxy.ts';
import type { DeskSettings } from './desk-needs.ts';

const steps = ['name', 'proxy', 'connection', 'certificate', 'credentials', 'path'] as const;

/**
 * @param signal ends the test.
 * @throws CourierError when the change would be refused.
 */
export async function testConnection(
  change: Readonly<Record<string, unknown>>,
  {
    settings,
    environment,
    now,
    signal,
  }: { settings: Pick<DeskSettings, 'preview'>; environment: Environment; now: () => number; signal: AbortSignal },
): Promise<ConnectionTest> {
  const destination = makeDestination(settings.preview(change), { environment });
  if (destination === null) return withoutEndpoint(now());
  try {
    return await checkEndpoint(destination, { signal, now });
  } finally {
    destination.close();
  }
}

function withoutEndpoint(at: number): ConnectionTest {
  const message = 'No endpoint is set; enter submissionEndpoint first.';
  return { at, durationMs: 0, result: 'failed', message, steps: steps.map((step) => ({ step, result: 'unknown', message })) };
}
