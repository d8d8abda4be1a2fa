/**
 * A value from outside, shown as text whatever it holds: isolated in direction, its control characters visible, a long one
 * in pieces.
 * May import: react.
 */
import { useState } from 'react';
import { bytes } from '../model/format.ts';
import { pieceLength, visible } from '../model/visible.ts';

export function TextValue({ value }: { value: string }) {
  const [shownLength, setShownLength] = useState(pieceLength);
  const rest = value.length - shownLength;
  return (
    <span className="text-value">
      <bdi dir="auto">{visible(value.slice(0, shownLength))}</bdi>
      {rest > 0 && (
        <button type="button" className="link-button" onClick={() => setShownLength(shownLength + pieceLength * 4)}>
          {rest > pieceLength * 4 ? `Show more (${bytes(rest)} left)` : `Show the rest (${bytes(rest)})`}
        </button>
      )}
    </span>
  );
}
/** In place of what is hidden: of fixed width, so that it does not tell the length. */
export function Masked() {
  return (
    <span className="masked" role="img" aria-label="hidden">
      {' '}
    </span>
  );
}
