/**
 * What one console has still to be told. A console that reads slowly gets only the latest of what replaces itself
 * (progress, a machine's snapshot), and everything of what does not (results):
 *   push -> [kept and latest, in the order of their last change] -> take
 * May import: src/common.
 */
import type { CourierEvent, EventName, EventPayload } from '../../common/contract.ts';

/** Which events are replaced by a later one with the same key. All others are kept, one by one. */
const replacedBy: { readonly [Name in EventName]?: (payload: EventPayload<Name>) => string } = {
  onSubmissionProgress: () => '',
  onSnapshot: ({ machine, id }) => `${machine} ${id}`,
  onStatus: () => '',
  onUnderWay: () => '',
  onSettings: () => '',
  onRetryJob: ({ id }) => id,
};

function keyOf(event: CourierEvent): string | null {
  // The payload belongs to the name; TypeScript cannot follow that through an index.
  const key = replacedBy[event.name] as ((payload: unknown) => string) | undefined;
  return key === undefined ? null : `${event.name} ${key(event.payload)}`;
}

/** An event in the form of a server-sent event (HTML standard, section 9.2): JSON has no line breaks of its own. */
export function eventText({ name, payload }: CourierEvent): string {
  return `event: ${name}\ndata: ${JSON.stringify(payload)}\n\n`;
}

export class EventQueue {
  readonly #texts = new Map<string, string>();
  #kept = 0;
  #bytes = 0;

  /** Bytes that wait, as characters: what they weigh in memory to within a factor of two. */
  get bytes(): number {
    return this.#bytes;
  }

  push(event: CourierEvent, text: string): void {
    const key = keyOf(event) ?? `kept ${(this.#kept += 1)}`;
    this.#bytes += text.length - (this.#texts.get(key)?.length ?? 0);
    // To the end: what replaces an older one is told after what happened in between.
    this.#texts.delete(key);
    this.#texts.set(key, text);
  }

  /** The next text to be written, or null when all is told. */
  take(): string | null {
    for (const [key, text] of this.#texts) {
      this.#texts.delete(key);
      this.#bytes -= text.length;
      return text;
    }
    return null;
  }
}
