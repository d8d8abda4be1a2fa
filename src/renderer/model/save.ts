/**
 * A text, or what was put together of many, as a file that the browser keeps.
 * May import: nothing.
 */

/** Long enough for the browser to have begun with it. */
const keptMs = 10_000;

export const saveText = (name: string, text: string): void => saveFile(name, new Blob([text], { type: 'application/json' }));

export function saveFile(name: string, file: Blob): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), keptMs);
}
