/**
 * Bytes that arrive in chunks, taken in records of known length. A record within one chunk is not copied; one that
 * spans chunks is joined once it is complete, so a stream of single bytes costs no more than its length.
 * May import: nothing.
 */

export class ChunkQueue {
  #chunks: Buffer[] = [];
  #current: Buffer = Buffer.alloc(0);
  #position = 0;
  #waitingBytes = 0;
  /** Bytes taken so far: the offset of the next one in the stream. */
  offset = 0;

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
  }

  get length(): number {
    return this.#current.length - this.#position + this.#waitingBytes;
  }

  /**
   * Makes the next `count` bytes readable in one buffer, without taking them.
   * @returns where they begin in `buffer`, or -1 when there are fewer.
   */
  peek(count: number): number {
    if (this.#current.length - this.#position >= count) return this.#position;
    if (this.length < count) return -1;
    this.#join(count);
    return this.#position;
  }

  /** The bytes that the last `peek` made readable. */
  get buffer(): Buffer {
    return this.#current;
  }

  /** Takes up to `count` bytes and says how many there were. */
  skip(count: number): number {
    const taken = Math.min(count, this.length);
    let left = taken;
    while (left > 0) {
      const available = this.#current.length - this.#position;
      if (available === 0) {
        this.#current = this.#shift();
        this.#position = 0;
        continue;
      }
      const step = Math.min(available, left);
      this.#position += step;
      left -= step;
    }
    this.offset += taken;
    return taken;
  }

  /** Moves chunks into the current buffer until it holds `count` bytes; copies what is left of a chunk at most once. */
  #join(count: number): void {
    const parts = [this.#current.subarray(this.#position)];
    let length = parts[0]?.length ?? 0;
    while (length < count) {
      const chunk = this.#shift();
      parts.push(chunk);
      length += chunk.length;
    }
    this.#current = parts[0]?.length === 0 && parts.length === 2 ? (parts[1] as Buffer) : Buffer.concat(parts, length);
    this.#position = 0;
  }

  #shift(): Buffer {
    const chunk = this.#chunks.shift() as Buffer;
    this.#waitingBytes -= chunk.length;
    return chunk;
  }
}
