/** Distinguished names (RFC 5280 §4.1.2.4): read, compared (§7.1), and written for people (RFC 4514). */
import { type Node, oid, readDer, tag, text, write } from '../asn1/index.ts';
import { type Bytes, equal, hex } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import { type Attribute, attributeOids } from './oids.ts';

/** Parts of one name. Real ones have up to ten. */
const mostParts = 64;

interface Part {
  readonly type: string;
  readonly value: Node;
}

/**
 * The relative names of a Name, each a set of attributes.
 * @throws {Malformed} unless it is a Name in DER
 */
export function nameParts(name: Node): readonly (readonly Part[])[] {
  const relatives = name.expect(tag.sequence).children('part');
  if (relatives.length > mostParts) name.fail(`has ${relatives.length} parts, at most ${mostParts}`);
  return relatives.map((relative) => attributesOf(relative.expect(tag.set)));
}

/** The attributes of one relative name, whatever its own tag. */
export function attributesOf(relative: Node): readonly Part[] {
  const attributes = relative.children('attribute');
  if (attributes.length === 0 || attributes.length > mostParts) {
    relative.fail(`has ${attributes.length} attributes, expected 1 to ${mostParts}`);
  }
  return attributes.map((attribute) => {
    const fields = attribute.expect(tag.sequence).fields();
    const type = oid(fields.next('type'));
    const value = fields.next('value');
    fields.end();
    return { type, value };
  });
}

/** The text of an attribute; undefined where it is no string, or not a valid one of its type. */
function textOf(value: Node): string | undefined {
  try {
    return text(value);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/**
 * Whether two names (DER) are the same: byte for byte, or by the rules of RFC 5280 §7.1 (kind of string, case and
 * repeated spaces make no difference; order does).
 */
export const sameName = (a: Bytes, b: Bytes): boolean => equal(a, b) || canonical(a) === canonical(b);

const canonical = (name: Bytes): string => canonicalParts(nameParts(readDer(name, 'name')));

/** One text for all names that are the same. */
export const canonicalParts = (parts: readonly (readonly Part[])[]): string =>
  // JSON keeps parts apart whatever characters are in them.
  JSON.stringify(parts.map((attributes) => attributes.map(folded).sort()));

function folded({ type, value }: Part): string {
  const plain = textOf(value);
  if (plain === undefined) return `${type}#${hex(value.raw)}`;
  return `${type}=${plain.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ')}`;
}

/** The last common name of a Name in DER: the most particular one. */
export const commonName = (name: Bytes): string | undefined => commonNameIn(nameParts(readDer(name, 'name')));

/** The same of a name that is read already. */
export function commonNameIn(parts: readonly (readonly Part[])[]): string | undefined {
  const found = parts.flat().findLast(({ type }) => type === attributeOids.CN);
  return found && textOf(found.value);
}

const shortNames = new Map<string, string>(Object.entries(attributeOids).map(([short, dotted]) => [dotted, short]));

/** A Name in DER for people, most particular part first as RFC 4514 writes it: `CN=Intel SGX Root CA,O=Intel Corporation`. */
export function nameText(name: Bytes): string {
  const parts = nameParts(readDer(name, 'name')).map((attributes) =>
    attributes
      .map(({ type, value }) => {
        const plain = textOf(value);
        return `${shortNames.get(type) ?? type}=${plain === undefined ? `#${hex(value.raw)}` : escaped(plain)}`;
      })
      .join('+'),
  );
  return parts.reverse().join(',');
}

const escaped = (plain: string): string =>
  plain
    .replace(/[\\",+;<>]/g, '\\$&')
    .replace(/^[# ]| $/g, '\\$&')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is made visible
    .replace(/[\x00-\x1f\x7f]/g, (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** Attributes in the order of the encoding: the most general first. */
export type NameParts = readonly (readonly [attribute: Attribute, value: string])[];

/** A Name in DER: one attribute a part; the country as PrintableString, domain components as IA5String, else UTF8String. */
export function encodeName(parts: NameParts): Bytes {
  return write.sequence(
    ...parts.map(([attribute, value]) => {
      const plain =
        attribute === 'C' || attribute === 'serialNumber'
          ? write.printableString(value)
          : attribute === 'DC'
            ? write.ia5String(value)
            : write.utf8String(value);
      return write.set(write.sequence(write.oid(attributeOids[attribute]), plain));
    }),
  );
}
