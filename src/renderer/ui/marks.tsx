/**
 * The state glyphs of the design brief, section 4: each its own shape, so that colour is never the only sign.
 * May import: react.
 */
import type { ReactNode } from 'react';
import type { Glyph, Tone, Word } from '../model/words.ts';

const stroke = { fill: 'none', strokeLinecap: 'round', strokeLinejoin: 'round' } as const;
const cut = { ...stroke, stroke: 'var(--panel)' } as const;
const ring = <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" strokeWidth="1.6" />;
const disc = <circle cx="8" cy="8" r="7" fill="currentColor" />;
const octagon = <path d="M4.9.6h6.2l4.3 4.3v6.2l-4.3 4.3H4.9L.6 11.1V4.9Z" fill="currentColor" />;

const drawings: Record<Glyph, ReactNode> = {
  tick: (
    <>
      {disc}
      <path d="m4.3 8.5 2.5 2.6 5-5.6" strokeWidth="2" {...cut} />
    </>
  ),
  arrow: (
    <>
      {disc}
      <path d="M3.8 8h8M8.4 4.4 12 8l-3.6 3.6" strokeWidth="1.9" {...cut} />
    </>
  ),
  dots: (
    <>
      {ring}
      <path d="M4.9 8H5M8 8h.1M11.1 8h.1" stroke="currentColor" strokeWidth="2.2" {...stroke} />
    </>
  ),
  save: (
    <>
      <rect x="1.4" y="1.4" width="13.2" height="13.2" rx="3" fill="currentColor" />
      <path d="M8 4.2v4.6M5.8 6.9 8 9.1l2.2-2.2M5 11.6h6" strokeWidth="1.6" {...cut} />
    </>
  ),
  clock: (
    <>
      {ring}
      <path d="M8 4.1v4.2l2.7 2" stroke="currentColor" strokeWidth="1.8" {...stroke} />
    </>
  ),
  cross: (
    <>
      {octagon}
      <path d="m4.8 4.8 6.4 6.4M11.2 4.8l-6.4 6.4" strokeWidth="2" {...cut} />
    </>
  ),
  bar: (
    <>
      {octagon}
      <path d="M4.2 8h7.6" strokeWidth="3.2" {...cut} />
    </>
  ),
  chevrons: (
    <>
      <path d="M8 .8 15.2 8 8 15.2.8 8Z" fill="currentColor" />
      <path d="m5.6 5.8 2.2 2.2-2.2 2.2M8.6 5.8 10.8 8l-2.2 2.2" strokeWidth="1.5" {...cut} />
    </>
  ),
  slash: (
    <>
      {ring}
      <path d="m4 12 8-8" stroke="currentColor" strokeWidth="1.8" {...stroke} />
    </>
  ),
  pause: (
    <>
      {ring}
      <path d="M6.3 5.6v4.8M9.7 5.6v4.8" stroke="currentColor" strokeWidth="1.8" {...stroke} />
    </>
  ),
  dashed: <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2.4 2.4" />,
  half: (
    <>
      {ring}
      <path d="M8 1.8a6.2 6.2 0 0 1 0 12.4Z" fill="currentColor" />
    </>
  ),
  warning: (
    <>
      <path d="M8 1.2 15.4 14.2H.6Z" fill="currentColor" stroke="currentColor" strokeLinejoin="round" />
      <path d="M8 6v3.6" strokeWidth="1.8" {...cut} />
      <circle cx="8" cy="12" r="1" fill="var(--panel)" />
    </>
  ),
};
/** Every glyph there is. */
export const glyphs = Object.keys(drawings) as Glyph[];

export function GlyphMark({ glyph, tone, size }: { glyph: Glyph; tone?: Tone; size?: 'large' | 'huge' }) {
  return (
    <svg className={`glyph ${tone === undefined ? '' : `tone-${tone}`} ${size ?? ''}`} viewBox="0 0 16 16" aria-hidden="true">
      {drawings[glyph]}
    </svg>
  );
}
/** Glyph and word of a state, in its tone. */
export function StatusMark({ word }: { word: Word }) {
  return (
    <span className={`mark tone-${word.tone}`}>
      <GlyphMark glyph={word.glyph} />
      <span>{word.word}</span>
    </span>
  );
}
export function StatusChip({ word }: { word: Word }) {
  return (
    <span className={`chip tone-${word.tone}`}>
      <GlyphMark glyph={word.glyph} />
      {word.word}
    </span>
  );
}
export function BrandMark() {
  return (
    <svg className="brand-mark" viewBox="0 0 22 22" strokeWidth="2" {...stroke} aria-hidden="true">
      <rect x="1.5" y="1.5" width="19" height="19" rx="5.5" fill="currentColor" />
      <g stroke="var(--panel)">
        <path d="M5.6 6.4v9.2M5.6 11h6" />
        <path d="m12.4 7.6 3.6 3.4-3.6 3.4" />
      </g>
    </svg>
  );
}
