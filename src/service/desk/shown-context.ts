/**
 * A machine's context as it may be shown: numbers, flags and plain words. Of lists and tables only their size is given, and
 * free text, functions, errors and everything that could be a secret or message content is left out.
 * May import: nothing.
 */

const depthMax = 2;
const plainWord = /^[A-Za-z0-9_.:^-]{1,64}$/;
/** Whatever is in them, it is not shown. */
const hiddenNames =
  /secret|auth|header|token|password|cookie|destination|certificate|content|message|body|text|error|hex|bytes$/i;
/** Tables by session id: their keys are no fields. */
const tables = new Set(['underWay', 'unrecorded']);

export function shownContext(context: unknown, depth = 0): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  if (typeof context !== 'object' || context === null) return shown;
  for (const [name, value] of Object.entries(context)) {
    if (hiddenNames.test(name)) continue;
    const part = tables.has(name) ? sizeOf(value) : shownValue(value, depth);
    if (part !== undefined) shown[name] = part;
  }
  return shown;
}

function shownValue(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? value : undefined;
    case 'boolean':
      return value;
    case 'string':
      return plainWord.test(value) ? value : undefined;
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value)) return value.length;
      if (Object.getPrototypeOf(value) !== Object.prototype || depth === depthMax) return undefined;
      return shownContext(value, depth + 1);
    default:
      return undefined;
  }
}

const sizeOf = (value: unknown) => (typeof value === 'object' && value !== null ? Object.keys(value).length : undefined);
