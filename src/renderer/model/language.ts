/**
 * A browser that runs without a locale of its own says `en-US@posix`, which is no language tag: the charts' library
 * would fail on it and leave the page blank. Imported first.
 * May import: nothing.
 */
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US' });
  Object.defineProperty(navigator, 'languages', { value: ['en-US'] });
}
