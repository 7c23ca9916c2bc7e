/** Where a layout reads from and writes to. */
import { Malformed } from '../errors.ts';

export type Bytes = Uint8Array;

/** One field as it was read, for `assay explain`: path, position from the start of the input, length in bytes. */
export interface Field {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  readonly value: unknown;
}

/** A moving position in bytes that are never copied or changed. */
export class Cursor {
  readonly bytes: Bytes;
  readonly view: DataView;
  readonly end: number;
  readonly trace: Field[] | undefined;
  /** Fields already read of the structure in hand: what `chosen` selects by. */
  scope: Record<string, unknown> = {};
  path: string[] = [];
  at: number;

  constructor(bytes: Bytes, at = 0, end = bytes.length, trace?: Field[], view?: DataView) {
    this.bytes = bytes;
    this.view = view ?? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.end = end;
    this.trace = trace;
  }

  get left(): number {
    return this.end - this.at;
  }

  fail(problem: string, at = this.at): never {
    throw new Malformed(this.path.join('.'), at, problem);
  }

  /** Moves over `length` bytes and returns where they began. */
  take(length: number): number {
    const at = this.at;
    if (length > this.end - at) this.fail(`need ${length} bytes, ${this.end - at} left`);
    this.at = at + length;
    return at;
  }

  slice(length: number): Bytes {
    const at = this.take(length);
    return this.bytes.subarray(at, at + length);
  }

  /** A child over exactly `length` bytes, all of which it must read. */
  within<T>(length: number, read: (child: Cursor) => T): T {
    const at = this.take(length);
    const child = new Cursor(this.bytes, at, at + length, this.trace, this.view);
    child.path = this.path;
    child.scope = this.scope;
    const value = read(child);
    if (child.left > 0) child.fail(`${child.left} bytes left over`);
    return value;
  }
}

/** Collects what layouts write, piece by piece. */
export class Writer {
  readonly chunks: Bytes[] = [];
  length = 0;
  scope: Record<string, unknown> = {};

  put(chunk: Bytes): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
  }

  done(): Bytes {
    const out = new Uint8Array(this.length);
    let at = 0;
    for (const chunk of this.chunks) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }
}
