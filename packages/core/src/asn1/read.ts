/**
 * Strict DER (X.690 §10 and §11), read lazily: a node is a view on the input, and its children are found when asked for.
 * Refused everywhere: indefinite and non-minimal lengths, high tag numbers, bytes left over, nesting without end.
 */
import type { Bytes } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import { tagName } from './tag.ts';

/** How deep values may nest. A certificate with all its extensions needs 9. */
const maxDepth = 32;

/** One encoded value: identifier octet, where it stands in the input, and how errors call it. */
export class Node {
  readonly source: Bytes;
  /** The identifier octet: see `tag`. */
  readonly tag: number;
  /** Positions from the start of the outer input: of the identifier octet, of the contents, and after them. */
  readonly start: number;
  readonly from: number;
  readonly end: number;
  readonly depth: number;
  readonly #name: string;
  readonly #parent: Node | undefined;

  /**
   * @param limit where the values around this one end
   * @param name of this value, within its parent
   */
  constructor(source: Bytes, start: number, limit: number, name: string, parent?: Node) {
    this.source = source;
    this.start = start;
    this.#name = name;
    this.#parent = parent;
    this.depth = parent ? parent.depth + 1 : 0;
    const octet = source[start];
    const first = source[start + 1];
    if (octet === undefined || first === undefined || start + 2 > limit) this.fail('ends where a value was expected');
    if ((octet & 0x1f) === 0x1f) this.fail('has a tag number above 30');
    let from = start + 2;
    let length = first;
    if (first >= 0x80) {
      const octets = first & 0x7f;
      if (octets === 0) this.fail('has an indefinite length');
      // Four octets count to 4 GiB: no input is longer.
      if (octets > 4) this.fail(`has a length of ${octets} octets, at most 4`);
      if (from + octets > limit) this.fail('ends within a length');
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + (source[from + i] as number);
      if (length < 0x80 || source[from] === 0) this.fail('has a length that is not minimal');
      from += octets;
    }
    if (length > limit - from) this.fail(`needs ${length} bytes, ${limit - from} left`);
    this.tag = octet;
    this.from = from;
    this.end = from + length;
  }

  /** Names from the outermost value to this one. */
  get path(): string {
    return this.#parent ? `${this.#parent.path}.${this.#name}` : this.#name;
  }

  /** The contents octets. */
  get content(): Bytes {
    return this.source.subarray(this.from, this.end);
  }

  /** The whole encoding, header included: what signatures and comparisons cover. */
  get raw(): Bytes {
    return this.source.subarray(this.start, this.end);
  }

  get isConstructed(): boolean {
    return (this.tag & 0x20) !== 0;
  }

  fail(problem: string): never {
    throw new Malformed(this.path, this.start, problem);
  }

  /** This node, once its tag is known to be the expected one. */
  expect(octet: number): Node {
    if (this.tag !== octet) this.fail(`is ${tagName(this.tag)}, expected ${tagName(octet)}`);
    return this;
  }

  /** The values inside, one after the other. */
  fields(): Fields {
    return new Fields(this);
  }

  /** All values inside. Use `fields` where an early end saves work. */
  children(name = 'item'): readonly Node[] {
    const fields = this.fields();
    const out: Node[] = [];
    while (fields.more) out.push(fields.next(name));
    return out;
  }
}

/** A moving position among the values inside a constructed one. */
export class Fields {
  readonly #parent: Node;
  #at: number;

  constructor(parent: Node) {
    if (!parent.isConstructed) parent.fail(`is ${tagName(parent.tag)}, which has no values inside`);
    if (parent.depth >= maxDepth) parent.fail(`nests deeper than ${maxDepth} levels`);
    this.#parent = parent;
    this.#at = parent.from;
  }

  get more(): boolean {
    return this.#at < this.#parent.end;
  }

  /** The next value, which must be there and, where `octet` is given, have that tag. */
  next(name: string, octet?: number): Node {
    const { source, end } = this.#parent;
    const node = new Node(source, this.#at, end, name, this.#parent);
    if (octet !== undefined) node.expect(octet);
    this.#at = node.end;
    return node;
  }

  /** The next value if it has this tag. */
  optional(name: string, octet: number): Node | undefined {
    return this.more && this.#parent.source[this.#at] === octet ? this.next(name, octet) : undefined;
  }

  /** The one value inside an EXPLICIT tag, if that tag comes next. */
  explicit(name: string, octet: number): Node | undefined {
    const outer = this.optional(name, octet);
    if (!outer) return undefined;
    const fields = outer.fields();
    const inner = fields.next('value');
    fields.end();
    return inner;
  }

  /** Nothing may be left. */
  end(): void {
    if (this.more)
      throw new Malformed(this.#parent.path, this.#at, `has ${this.#parent.end - this.#at} bytes left over`);
  }
}

/**
 * The value that is the whole input.
 * @param path what errors call it
 * @throws {Malformed} with the byte within `input`; so do all readers of its parts, at any depth
 */
export function readDer(input: Bytes, path = 'der'): Node {
  const node = new Node(input, 0, input.length, path);
  if (node.end < input.length) throw new Malformed(path, node.end, `has ${input.length - node.end} bytes left over`);
  return node;
}

/** The value inside an OCTET STRING or BIT STRING that wraps DER, with positions still those of the outer input. */
export function within(wrapper: Node, skip = 0): Node {
  const node = new Node(wrapper.source, wrapper.from + skip, wrapper.end, 'inside', wrapper);
  if (node.depth > maxDepth) wrapper.fail(`nests deeper than ${maxDepth} levels`);
  if (node.end < wrapper.end)
    throw new Malformed(wrapper.path, node.end, `has ${wrapper.end - node.end} bytes left over`);
  return node;
}
