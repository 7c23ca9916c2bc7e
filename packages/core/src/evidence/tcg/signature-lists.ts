/**
 * What Secure Boot trusts and refuses: EFI_SIGNATURE_LIST, in the variables PK, KEK, db and dbx (UEFI 2.10 §32.4.1).
 * Every step is bounded by what is left (quirk F14).
 */
import { type Bytes, type Cursor, decode, type Layout, rest, struct, u32le } from '../../bytes/index.ts';
import { once } from '../../once.ts';
import { guid } from './efi.ts';
import { toEnd } from './fields.ts';

/** Kinds of entries, by GUID. Lists of other kinds keep their bytes. */
export const signatureTypes = {
  x509: 'A5C059A1-94E4-4AA7-87B5-AB155C2BF072',
  sha256: 'C1C41626-504C-4092-ACA9-41F936934328',
  x509Sha256: '3BD2A492-96C0-4079-B420-FCF98EF103ED',
  rsa2048: '3C5766E8-269C-4E34-AA14-ED776E85B3B6',
  sha1: '826CA512-CF10-4AC9-B187-BE01496631BD',
} as const;

/** UEFI's names of them. */
export const signatureTypeNames: ReadonlyMap<string, string> = new Map([
  [signatureTypes.x509, 'EFI_CERT_X509_GUID'],
  [signatureTypes.sha256, 'EFI_CERT_SHA256_GUID'],
  [signatureTypes.x509Sha256, 'EFI_CERT_X509_SHA256_GUID'],
  [signatureTypes.rsa2048, 'EFI_CERT_RSA2048_GUID'],
  [signatureTypes.sha1, 'EFI_CERT_SHA1_GUID'],
]);

/** EFI_SIGNATURE_DATA: who put it there, and what is trusted or refused. */
export interface SignatureData {
  readonly owner: string;
  readonly data: Bytes;
}
export const SignatureData: Layout<SignatureData> = struct({ owner: guid, data: rest });

export interface SignatureList {
  readonly type: string;
  readonly signatures: readonly SignatureData[];
}

const Header = struct({ type: guid, listSize: u32le, headerSize: u32le, signatureSize: u32le });
const headerBytes = 28;

const SignatureList: Layout<SignatureList> = {
  read: readList,
  write({ type, signatures }, to) {
    const signatureSize = 16 + (signatures[0]?.data.length ?? 0);
    const listSize = headerBytes + signatureSize * signatures.length;
    Header.write({ type, listSize, headerSize: 0, signatureSize }, to);
    for (const one of signatures) SignatureData.write(one, to);
  },
};

/** Lists one after the other, to the end of the data. */
export const SignatureLists = toEnd(SignatureList);

/**
 * The lists that a variable holds.
 * @throws {Malformed}
 */
export const signatureListsIn = once((variable: Bytes): readonly SignatureList[] => decode(SignatureLists, variable));

function readList(from: Cursor): SignatureList {
  const at = from.at;
  const { type, listSize, headerSize, signatureSize } = Header.read(from);
  const body = listSize - headerBytes - headerSize;
  if (body < 0) from.fail(`is a list of ${listSize} bytes with a header of ${headerBytes + headerSize}`, at);
  if (signatureSize < 16) from.fail(`has signatures of ${signatureSize} bytes, at least 16`, at);
  if (body % signatureSize !== 0) from.fail(`has ${body} bytes for signatures of ${signatureSize}`, at);
  from.take(headerSize);
  if (body > from.left) from.fail(`needs ${body} bytes for signatures, ${from.left} left`);
  const signatures = Array.from({ length: body / signatureSize }, () =>
    from.within(signatureSize, (entry) => SignatureData.read(entry)),
  );
  return { type, signatures };
}
