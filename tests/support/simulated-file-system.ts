/**
 * A file system in memory that can do what real ones do at the worst moment: lose what was not synced, run full, err, and
 * refuse a rename.
 *   calls -> page cache (what programs see) -> fsync, fsyncFolder -> disk (what a crash leaves)
 * May import: node, src/service/store.
 */
import { dirname } from 'node:path';
import type { FileFacts, FileKind, StoreFileSystem } from '../../src/service/store/file-system.ts';

interface Inode {
  ino: number;
  kind: FileKind;
  bytes: Uint8Array;
  /** What a crash leaves of it. */
  synced: Uint8Array;
  ctimeMs: number;
  mtimeMs: number;
}

/** One call of the store, as a fault sees it. */
export interface FileCall {
  /** From 1, counted over all calls. */
  number: number;
  name: keyof StoreFileSystem;
  path: string;
}

export function errno(code: string): Error {
  return Object.assign(new Error(`${code}: simulated, of a path nobody should read`), { code });
}

const empty = new Uint8Array();

export class SimulatedFileSystem implements StoreFileSystem {
  platform: NodeJS.Platform = 'linux';
  /** Returns the error a call is to end with. */
  fault: (call: FileCall) => Error | undefined = () => undefined;
  /** Holds a sync aside back: what happens meanwhile happens while it is under way. */
  beforeSync: (path: string) => Promise<void> = async () => {};
  /** Bytes that one `write` takes at most. */
  bytesPerWrite = Infinity;
  readonly calls: FileCall[] = [];
  /** Closes of a number that is no open file: on a real system it may be somebody else's by then. */
  wrongCloses = 0;
  now = 1_000_000;
  #names = new Map<string, Map<string, Inode>>();
  #syncedNames = new Map<string, Map<string, Inode>>();
  readonly #open = new Map<number, { path: string; inode: Inode; position: number }>();
  #last = 10;

  /**
   * What is left when the power goes: synced names, and of each file what was synced.
   * @param names `written`: the disk had written the names too, although nobody asked it to.
   */
  crash(names: 'synced' | 'written' = 'synced'): void {
    this.#open.clear();
    if (names === 'synced')
      this.#names = new Map([...this.#syncedNames].map(([folder, inFolder]) => [folder, new Map(inFolder)]));
    for (const inFolder of this.#names.values()) for (const inode of inFolder.values()) inode.bytes = inode.synced;
  }

  /** Puts a file there, durably, as another program would. */
  put(path: string, content: string | Uint8Array, kind: FileKind = 'file'): void {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const inode = this.#newInode(kind, bytes);
    this.#folder(dirname(path)).set(nameOf(path), inode);
    this.fsyncFolder(dirname(path));
  }

  text(path: string): string | null {
    const inode = this.#folder(dirname(path)).get(nameOf(path));
    return inode === undefined ? null : new TextDecoder().decode(inode.bytes);
  }

  names(folder: string): string[] {
    return [...this.#folder(folder).keys()].sort();
  }

  countOf(name: keyof StoreFileSystem): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  get openFiles(): number {
    return this.#open.size;
  }

  list(folder: string): string[] {
    this.#called('list', folder);
    if (!this.#names.has(folder)) throw errno('ENOENT');
    return [...this.#folder(folder).keys()];
  }
  lstat(path: string): FileFacts | null {
    this.#called('lstat', path);
    const inode = this.#folder(dirname(path)).get(nameOf(path));
    return inode === undefined ? null : factsOf(inode);
  }
  openToRead(path: string): number {
    this.#called('openToRead', path);
    const inode = this.#folder(dirname(path)).get(nameOf(path));
    if (inode === undefined) throw errno('ENOENT');
    if (inode.kind === 'link') throw errno('ELOOP');
    return this.#opened(path, inode);
  }
  openNew(path: string): number {
    this.#called('openNew', path);
    const names = this.#folder(dirname(path));
    if (names.has(nameOf(path))) throw errno('EEXIST');
    const inode = this.#newInode('file', empty);
    inode.synced = empty;
    names.set(nameOf(path), inode);
    return this.#opened(path, inode);
  }
  fstat(fd: number): FileFacts {
    this.#called('fstat', this.#file(fd).path);
    return factsOf(this.#file(fd).inode);
  }
  read(fd: number, buffer: Uint8Array, offset: number): number {
    const file = this.#file(fd);
    this.#called('read', file.path);
    const part = file.inode.bytes.subarray(file.position, file.position + buffer.byteLength - offset);
    buffer.set(part, offset);
    file.position += part.byteLength;
    return part.byteLength;
  }
  write(fd: number, bytes: Uint8Array, offset: number): number {
    const { path, inode } = this.#file(fd);
    this.#called('write', path);
    const part = bytes.slice(offset, offset + this.bytesPerWrite);
    inode.bytes = new Uint8Array([...inode.bytes, ...part]);
    return part.byteLength;
  }
  fsync(fd: number): void {
    const { path, inode } = this.#file(fd);
    this.#called('fsync', path);
    inode.synced = inode.bytes;
  }
  async fsyncAside(fd: number): Promise<void> {
    await this.beforeSync(this.#file(fd).path);
    this.fsync(fd);
  }
  close(fd: number): void {
    if (!this.#open.has(fd)) this.wrongCloses += 1;
    const { path } = this.#file(fd);
    this.#open.delete(fd);
    this.#called('close', path);
  }
  rename(from: string, to: string): void {
    this.#called('rename', to);
    const inode = this.#folder(dirname(from)).get(nameOf(from));
    if (inode === undefined) throw errno('ENOENT');
    this.#folder(dirname(from)).delete(nameOf(from));
    inode.ctimeMs = this.#tick();
    this.#folder(dirname(to)).set(nameOf(to), inode);
  }
  async renameAside(from: string, to: string): Promise<void> {
    await Promise.resolve();
    this.rename(from, to);
  }
  unlink(path: string): void {
    this.#called('unlink', path);
    if (!this.#folder(dirname(path)).delete(nameOf(path))) throw errno('ENOENT');
  }
  makeFolder(path: string): void {
    this.#called('makeFolder', path);
    if (!this.#names.has(path)) this.#names.set(path, new Map());
    if (!this.#syncedNames.has(path)) this.#syncedNames.set(path, new Map());
  }
  fsyncFolder(folder: string): void {
    this.#called('fsyncFolder', folder);
    this.#syncedNames.set(folder, new Map(this.#folder(folder)));
  }

  #called(name: keyof StoreFileSystem, path: string): void {
    const call = { number: this.calls.length + 1, name, path };
    this.calls.push(call);
    const error = this.fault(call);
    if (error !== undefined) throw error;
  }
  #folder(path: string): Map<string, Inode> {
    return this.#names.get(path) ?? this.#names.set(path, new Map()).get(path)!;
  }
  #file(fd: number) {
    const file = this.#open.get(fd);
    if (file === undefined) throw errno('EBADF');
    return file;
  }
  #opened(path: string, inode: Inode): number {
    this.#last += 1;
    this.#open.set(this.#last, { path, inode, position: 0 });
    return this.#last;
  }
  #newInode(kind: FileKind, bytes: Uint8Array): Inode {
    this.#last += 1;
    const ctimeMs = this.#tick();
    return { ino: this.#last, kind, bytes, synced: bytes, ctimeMs, mtimeMs: ctimeMs };
  }
  #tick(): number {
    this.now += 0.001;
    return this.now;
  }
}

const nameOf = (path: string) => path.slice(dirname(path).length + 1);

function factsOf({ kind, ino, bytes, ctimeMs, mtimeMs }: Inode): FileFacts {
  return { kind, ino, size: bytes.byteLength, ctimeMs, mtimeMs };
}
