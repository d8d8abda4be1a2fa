/**
 * Where a day begins for the people around the service.
 * May import: nothing.
 */

/** Local midnight of the service, unix ms. */
export function midnightBefore(now: number): number {
  return new Date(now).setHours(0, 0, 0, 0);
}
