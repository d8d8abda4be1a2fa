/**
 * A time as the operator reads it, with the exact instant, its offset and UTC on hover and focus.
 * May import: react.
 */
import { exact, isTime } from '../model/format.ts';

export function Instant({ at, children }: { at: number; children: string }) {
  return (
    <time {...(isTime(at) ? { dateTime: new Date(at).toISOString() } : {})} title={exact(at)}>
      {children}
    </time>
  );
}
