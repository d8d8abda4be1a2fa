/**
 * The number that operators see on a session: it grows by one from the highest in the store.
 * May import: src/service.
 */
import type { SessionStore } from './store/session-store.ts';

/** @returns the next number, each time it is asked. */
export async function sessionCounter(store: Pick<SessionStore, 'getSessions'>): Promise<() => number> {
  const { sessions } = await store.getSessions({ sort: { by: 'sessionId', descending: true }, limit: 1 });
  let counter = sessions[0]?.counter ?? 0;
  return () => (counter += 1);
}
