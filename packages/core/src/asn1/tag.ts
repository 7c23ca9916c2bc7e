/** Identifier octets of ASN.1 types (X.690 §8.1.2), low-tag-number form: class, constructed bit and number in one byte. */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** `[number]` around a whole value (EXPLICIT), or in place of a constructed one's tag (IMPLICIT). */
export const constructedContext = (number: number): number => 0xa0 | number;
/** `[number]` in place of a primitive value's tag (IMPLICIT). */
export const context = (number: number): number => 0x80 | number;

/** A tag for people: `SEQUENCE`, `[0]`. */
export function tagName(octet: number): string {
  if ((octet & 0xc0) === 0x80) return `[${octet & 0x1f}]`;
  const found = Object.entries(tag).find(([, value]) => value === octet);
  return found
    ? found[0]
        .replace(/[A-Z]+/g, ' $&')
        .toUpperCase()
        .trim()
    : `tag 0x${octet.toString(16).padStart(2, '0')}`;
}
