/**
 * Certificate revocation lists (RFC 5280 §5). Extensions that narrow a list or move its entries to other issuers are not
 * processed here: whoever uses a list must look at `unknownCritical`.
 */
import { constructedContext, integerBytes, type Node, readDer, smallInteger, tag, time } from '../asn1/index.ts';
import { type Bytes, equal, fromHex, hex, latin1 } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import { readSigned, type Signed } from './certificate.ts';
import { type Extensions, readAuthorityKeyIdentifier, readExtensions } from './extension.ts';
import { nameParts } from './name.ts';
import { extensionOids } from './oids.ts';
import { pemBlocks } from './pem.ts';

export interface Crl extends Signed {
  /** Name in DER. */
  readonly issuer: Bytes;
  /** Milliseconds since 1970, both inclusive. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  /** Serial numbers, as `Certificate.serialHex`. */
  readonly revoked: ReadonlySet<string>;
  readonly extensions: Extensions;
  /** In hexadecimal, as the DER contents have it. */
  readonly number: string | undefined;
  readonly authorityKeyIdentifier: Bytes | undefined;
  /**
   * Critical extensions, of the list or of an entry, that are not processed here. Unless the caller does, the list must
   * not be relied on to show that a certificate stands.
   */
  readonly unknownCritical: readonly string[];
}

/** Bytes of one list: Azure's and Intel's have a few hundred kilobytes at the very most. */
const longestList = 16 << 20;
/** Extensions that take certificates or entries out of a list: as good as critical even if they do not say so. */
const narrowing: ReadonlySet<string> = new Set([
  extensionOids.issuingDistributionPoint,
  extensionOids.deltaCrlIndicator,
]);
/** Extensions of entries whose meaning is at most «revoked»: reason, invalidity date. */
const harmlessInEntries: ReadonlySet<string> = new Set(['2.5.29.21', '2.5.29.24']);
const knownInLists: ReadonlySet<string> = new Set([extensionOids.crlNumber, extensionOids.authorityKeyIdentifier]);

/**
 * Reads one list. Signature, dates and issuer are not looked at.
 * @param der exactly one list: see `crlBytes`
 * @throws {Malformed} for anything that RFC 5280 does not allow in DER
 */
export function parseCrl(der: Bytes, path = 'crl'): Crl {
  if (der.length > longestList) throw new Malformed(path, 0, `is ${der.length} bytes, at most ${longestList}`);
  const signed = readSigned(readDer(der, path));
  const fields = signed.body.fields();
  const version = fields.optional('version', tag.integer);
  if (version && smallInteger(version, 1) !== 1) version.fail('is version 1, which must be left out');
  signed.agrees(fields.next('signature', tag.sequence));
  const issuer = fields.next('issuer');
  if (nameParts(issuer).length === 0) issuer.fail('is empty');
  const thisUpdate = time(fields.next('thisUpdate'));
  const next = fields.optional('nextUpdate', tag.utcTime) ?? fields.optional('nextUpdate', tag.generalizedTime);
  const entries = fields.optional('revokedCertificates', tag.sequence);
  const list = fields.explicit('extensions', constructedContext(0));
  if (list && !version) list.fail('needs version 2');
  fields.end();

  const unknown = new Set<string>();
  const revoked = entries ? readEntries(entries, unknown) : new Set<string>();
  const extensions: Extensions = list ? readExtensions(list) : new Map();
  for (const [id, { critical }] of extensions) {
    if (critical ? !knownInLists.has(id) : narrowing.has(id)) unknown.add(id);
  }
  const number = extensions.get(extensionOids.crlNumber);
  const authority = extensions.get(extensionOids.authorityKeyIdentifier);
  return {
    ...signed.parts,
    issuer: issuer.raw,
    thisUpdate,
    nextUpdate: next && time(next),
    revoked,
    extensions,
    number: number && hex(integerBytes(readDer(number.value, 'crlNumber'))),
    authorityKeyIdentifier: authority && readAuthorityKeyIdentifier(authority.value),
    unknownCritical: [...unknown],
  };
}

function readEntries(list: Node, unknown: Set<string>): ReadonlySet<string> {
  const out = new Set<string>();
  const entries = list.fields();
  // Thousands of entries share a few reasons and dates: what was read just before need not be read again.
  let [date, extensions]: Bytes[] = [];
  while (entries.more) {
    const fields = entries.next('entry', tag.sequence).fields();
    out.add(hex(integerBytes(fields.next('serialNumber'))));
    const at = fields.next('revocationDate');
    if (!date || !equal(date, at.raw)) time(at);
    date = at.raw;
    if (!fields.more) continue;
    const more = fields.next('extensions');
    fields.end();
    if (extensions && equal(extensions, more.raw)) continue;
    extensions = more.raw;
    for (const [id, { critical }] of readExtensions(more)) if (critical && !harmlessInEntries.has(id)) unknown.add(id);
  }
  return out;
}

/**
 * The DER of a list in any of the forms that distribution points and caches serve: DER, PEM (`X509 CRL`), or
 * hexadecimal text with or without white space.
 * @throws {Malformed} for any other form; the list itself is not read
 */
export function crlBytes(input: Bytes, path = 'crl'): Bytes {
  if (input.length > 3 * longestList)
    throw new Malformed(path, 0, `is ${input.length} bytes, at most ${3 * longestList}`);
  if (input[0] === tag.sequence && !isHexText(input)) return input;
  const text = latin1(input);
  if (text.includes('-----BEGIN')) {
    const [block] = pemBlocks(input, 'X509 CRL', 1, path);
    if (!block) throw new Malformed(path, 0, 'is PEM without a block of X509 CRL');
    return block;
  }
  if (isHexText(input)) return fromHex(text.replace(/[\s\0]+/g, ''), path);
  throw new Malformed(path, 0, 'is neither DER, nor PEM, nor hexadecimal text');
}

/** DER begins with 30, which is also the digit 0; the byte after it tells: 30 82 … is no text. */
const isHexText = (input: Bytes): boolean =>
  input.length >= 4 && /^[0-9a-fA-F\s]{4}$/.test(latin1(input.subarray(0, 4)));
