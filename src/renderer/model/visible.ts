/**
 * Text from outside as an operator may see it: control and direction characters as visible marks, long text in pieces.
 * May import: nothing.
 */

/** A field longer than this is shown in pieces of this size. */
export const pieceLength = 65_536;

const directions = /[\u061C\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/g;
// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u001F\u007F-\u009F]/g;

/** `\u202E` as `[U+202E]`, a line feed as its picture: what is there is seen, and changes nothing around it. */
export function visible(text: string): string {
  return text
    .replace(controls, (character) => {
      const code = character.charCodeAt(0);
      if (code < 0x20) return String.fromCharCode(0x2400 + code);
      return code === 0x7f ? '\u2421' : named(character);
    })
    .replace(directions, named);
}
const named = (character: string) => `[U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`;
