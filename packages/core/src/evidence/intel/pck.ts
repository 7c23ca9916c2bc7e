/**
 * The PCK certificate: which platform this is, and what security versions it was certified for.
 * Intel SGX PCK certificate and CRL profile specification, §1.3.5 (SGX extensions).
 */
import { type Fields, type Node, octetString, oid, readDer, smallInteger, tag } from '../../asn1/index.ts';
import { type Bytes, hex } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';

export const sgxExtension = '1.2.840.113741.1.13.1';

export interface PckFacts {
  /** Platform provisioning id, 16 bytes: says which machine this is. */
  readonly ppid: Bytes;
  /** 16 component SVNs, 0–255. */
  readonly components: readonly number[];
  readonly pceSvn: number;
  readonly cpuSvn: Bytes;
  readonly pceId: Bytes;
  /** Family, model, stepping, platform type and custom SKU, 6 bytes: names the TCB info. */
  readonly fmspc: Bytes;
  /** 0 standard, 1 scalable, 2 scalable with integrity. */
  readonly sgxType: number;
  readonly platformInstanceId?: Bytes;
}

/**
 * @param extension contents of the SGX extension
 * @throws {Malformed} when a required part is missing, repeated or of the wrong size
 */
export function readPck(extension: Bytes): PckFacts {
  const parts = readParts(readDer(extension, 'sgxExtensions'), sgxExtension);
  const tcb = readParts(required(parts, 'TCB', 2), `${sgxExtension}.2`);
  const instance = parts.get(6);
  return {
    ppid: fixed(required(parts, 'PPID', 1), 16),
    components: Array.from({ length: 16 }, (_, i) => smallInteger(required(tcb, `component ${i + 1}`, i + 1), 255)),
    pceSvn: smallInteger(required(tcb, 'PCESVN', 17), 0xffff),
    cpuSvn: fixed(required(tcb, 'CPUSVN', 18), 16),
    pceId: fixed(required(parts, 'PCE-ID', 3), 2),
    fmspc: fixed(required(parts, 'FMSPC', 4), 6),
    sgxType: smallInteger(required(parts, 'SGX type', 5), 2, tag.enumerated),
    ...(instance && { platformInstanceId: fixed(instance, 16) }),
  };
}

/** SEQUENCE OF SEQUENCE { OID, value }, by the last arc of the OID. Arcs that are not known are left alone. */
function readParts(node: Node, prefix: string): ReadonlyMap<number, Node> {
  const parts = new Map<number, Node>();
  for (const pair of node.expect(tag.sequence).children('part')) {
    const fields: Fields = pair.expect(tag.sequence).fields();
    const id = oid(fields.next('id', tag.oid));
    const value = fields.next('value');
    fields.end();
    if (!id.startsWith(`${prefix}.`)) continue;
    const arc = Number(id.slice(prefix.length + 1));
    if (parts.has(arc)) pair.fail(`repeats ${id}`);
    parts.set(arc, value);
  }
  return parts;
}

function required(parts: ReadonlyMap<number, Node>, name: string, arc: number): Node {
  const node = parts.get(arc);
  if (!node) throw new Malformed('sgxExtensions', undefined, `has no ${name}`);
  return node;
}

function fixed(node: Node, length: number): Bytes {
  const value = octetString(node);
  if (value.length !== length) node.fail(`has ${value.length} bytes, must have ${length}`);
  return value;
}

/** The FMSPC as collateral names spell it. */
export const fmspcText = (facts: Pick<PckFacts, 'fmspc'>): string => hex(facts.fmspc);
