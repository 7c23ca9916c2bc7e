/** Extensions of certificates and CRLs (RFC 5280 §4.2 and §5.2), and those few that paths depend on. */
import { boolean, context, type Node, namedBits, octetString, oid, readDer, smallInteger, tag } from '../asn1/index.ts';
import type { Bytes } from '../bytes/index.ts';

export interface Extension {
  readonly critical: boolean;
  /** What the OCTET STRING holds: DER, as a rule. */
  readonly value: Bytes;
}
export type Extensions = ReadonlyMap<string, Extension>;

const mostExtensions = 64;

/**
 * Extensions by object identifier.
 * @throws {Malformed} when one is there twice, or none is
 */
export function readExtensions(list: Node): Extensions {
  const out = new Map<string, Extension>();
  for (const extension of list.expect(tag.sequence).children('extension')) {
    if (out.size >= mostExtensions) list.fail(`has more than ${mostExtensions} extensions`);
    const fields = extension.expect(tag.sequence).fields();
    const id = oid(fields.next('oid'));
    const critical = fields.optional('critical', tag.boolean);
    const value = octetString(fields.next('value'));
    fields.end();
    if (out.has(id)) extension.fail(`has ${id} a second time`);
    out.set(id, { critical: critical !== undefined && boolean(critical), value });
  }
  if (out.size === 0) list.fail('is empty: it must be left out instead');
  return out;
}

export interface BasicConstraints {
  readonly ca: boolean;
  /** How many CA certificates, self-issued ones aside, may follow below. */
  readonly pathLength: number | undefined;
}

export function readBasicConstraints(value: Bytes): BasicConstraints {
  const fields = readDer(value, 'basicConstraints').expect(tag.sequence).fields();
  const ca = fields.optional('ca', tag.boolean);
  const length = fields.optional('pathLength', tag.integer);
  fields.end();
  const isCa = ca !== undefined && boolean(ca);
  if (length && !isCa) length.fail('is a path length without CA');
  return { ca: isCa, pathLength: length && smallInteger(length, 0x7fffffff) };
}

const usages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsageName = (typeof usages)[number];
export type KeyUsage = { readonly [usage in KeyUsageName]: boolean };

export function readKeyUsage(value: Bytes): KeyUsage {
  const bits = namedBits(readDer(value, 'keyUsage'));
  return Object.fromEntries(usages.map((usage, bit) => [usage, bits.has(bit)])) as KeyUsage;
}
/** The bit of a usage, for writing. */
export const keyUsageBit = (usage: KeyUsageName): number => usages.indexOf(usage);

/** Purposes, as object identifiers. */
export function readExtendedKeyUsage(value: Bytes): ReadonlySet<string> {
  const list = readDer(value, 'extendedKeyUsage').expect(tag.sequence);
  const purposes = list.children('purpose');
  if (purposes.length === 0 || purposes.length > mostExtensions)
    list.fail(`has ${purposes.length} purposes, expected 1 to ${mostExtensions}`);
  return new Set(purposes.map(oid));
}

export const readSubjectKeyIdentifier = (value: Bytes): Bytes => octetString(readDer(value, 'subjectKeyIdentifier'));

/** The key identifier of an AuthorityKeyIdentifier; undefined where it names its issuer in another way. */
export function readAuthorityKeyIdentifier(value: Bytes): Bytes | undefined {
  const [first] = readDer(value, 'authorityKeyIdentifier').expect(tag.sequence).children();
  return first?.tag === context(0) ? first.content : undefined;
}

/** Checks that a SubjectAltName is a list of tagged names; what they say is for those who use them. */
export function checkSubjectAltName(value: Bytes): void {
  const list = readDer(value, 'subjectAltName').expect(tag.sequence);
  const names = list.children('name');
  if (names.length === 0) list.fail('has no name');
  for (const name of names) if ((name.tag & 0xc0) !== 0x80 || (name.tag & 0x1f) > 8) name.fail('is not a general name');
}
