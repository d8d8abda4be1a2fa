/**
 * The size of the root's text, which all sizes follow.
 * May import: react.
 */
import { useEffect, useState } from 'react';

/** In px: larger on a very wide screen. */
export function useRem(): number {
  const [rem, setRem] = useState(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
  useEffect(() => {
    const measure = () => setRem(Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
    addEventListener('resize', measure);
    return () => removeEventListener('resize', measure);
  }, []);
  return rem;
}
