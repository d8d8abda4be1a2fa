/**
 * A text as a file that the browser keeps.
 * May import: nothing.
 */

/** Long enough for the browser to have begun with it. */
const keptMs = 10_000;

export function saveText(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), keptMs);
}
