/** Values of extensions (RFC 5280 §4.2), for certificates that are issued or forged. */
import { tag, write } from '../asn1/index.ts';
import { type Bytes, utf8 } from '../bytes/index.ts';
import { digest } from '../crypto/index.ts';
import { type BasicConstraints, type KeyUsageName, keyUsageBit } from './extension.ts';
import { extensionOids } from './oids.ts';

/** An extension to be written. */
export interface NewExtension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Bytes;
}

const extension = (oid: string, critical: boolean, value: Bytes): NewExtension => ({ oid, critical, value });

export function basicConstraints({ ca, pathLength }: Partial<BasicConstraints>, critical = true): NewExtension {
  const items = [
    ...(ca ? [write.boolean(true)] : []),
    ...(pathLength === undefined ? [] : [write.integer(pathLength)]),
  ];
  return extension(extensionOids.basicConstraints, critical, write.sequence(...items));
}

export const keyUsage = (usages: readonly KeyUsageName[], critical = true): NewExtension =>
  extension(extensionOids.keyUsage, critical, write.namedBits(usages.map(keyUsageBit)));

/** @param purposes object identifiers */
export const extendedKeyUsage = (purposes: readonly string[], critical = false): NewExtension =>
  extension(extensionOids.extendedKeyUsage, critical, write.sequence(...purposes.map(write.oid)));

/** RFC 5280 §4.2.1.2, method 1, over the whole SubjectPublicKeyInfo instead of its bits: any unique value will do. */
export const keyIdentifier = (spki: Bytes): Bytes => digest('sha1', spki);

export const subjectKeyIdentifier = (id: Bytes): NewExtension =>
  extension(extensionOids.subjectKeyIdentifier, false, write.octetString(id));

export const authorityKeyIdentifier = (id: Bytes): NewExtension =>
  extension(extensionOids.authorityKeyIdentifier, false, write.sequence(write.implicit(0, write.octetString(id))));

const uri = (address: string): Bytes => write.implicit(6, write.ia5String(address));

/** One distribution point with one full name. */
export const crlDistributionPoint = (address: string): NewExtension =>
  extension(
    extensionOids.crlDistributionPoints,
    false,
    write.sequence(write.sequence(write.explicit(0, write.explicit(0, uri(address))))),
  );

export const subjectAltName = (addresses: readonly string[], critical = false): NewExtension =>
  extension(extensionOids.subjectAltName, critical, write.sequence(...addresses.map(uri)));

/** What a certificate is for: a host by name or address, or a URI. */
export type GeneralName = { readonly dns: string } | { readonly ip: Bytes } | { readonly uri: string };

/** Names of several kinds (RFC 5280 §4.2.1.6). @param names addresses are 4 or 16 bytes */
export const alternativeNames = (names: readonly GeneralName[], critical = false): NewExtension =>
  extension(
    extensionOids.subjectAltName,
    critical,
    write.sequence(
      ...names.map((name) => {
        if ('uri' in name) return uri(name.uri);
        return 'dns' in name
          ? write.implicit(2, write.ia5String(name.dns))
          : write.implicit(7, write.octetString(name.ip));
      }),
    ),
  );

/** @param number as the contents of an INTEGER */
export const crlNumber = (number: bigint): NewExtension =>
  extension(extensionOids.crlNumber, false, write.integer(number));

/** An extension that only says something: for tests of what is not understood. */
export const opaqueExtension = (oid: string, critical: boolean, text: string): NewExtension =>
  extension(oid, critical, write.sequence(write.octetString(utf8(text))));

/** Extensions ::= SEQUENCE OF; `critical` is left out where it is false. */
export const encodeExtensions = (extensions: readonly NewExtension[]): Bytes =>
  write.sequence(
    ...extensions.map(({ oid, critical, value }) =>
      write.sequence(
        write.oid(oid),
        ...(critical ? [write.tlv(tag.boolean, Uint8Array.of(0xff))] : []),
        write.octetString(value),
      ),
    ),
  );
