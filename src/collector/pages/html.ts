/**
 * HTML as a value: whatever is put into the template is escaped, unless it is such a value itself.
 * Characters that would hide or turn text around are shown by name: what a device sent is evidence.
 * May import: nothing.
 */

/** Markup that is safe to send. Made by `html` only. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

type Part = Html | string | number | null | readonly Part[];

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const codePoint = (character: string) => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** Control and formatting characters (right-to-left marks among them) and lone surrogates as `[U+202E]`. */
const visible = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (character) => `[${codePoint(character)}]`);

/** Text as HTML text or as the value of a quoted attribute. */
const escaped = (text: string): string => visible(text).replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');

function rendered(part: Part): string {
  if (part instanceof Html) return part.markup;
  if (part === null) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  return part.map(rendered).join('');
}

/** A piece of HTML; every `${value}` in it is escaped. Attributes must be quoted. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((string, index) => string + rendered(parts[index] ?? null)).join(''));
}
