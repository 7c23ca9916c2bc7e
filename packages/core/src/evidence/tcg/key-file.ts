/**
 * A TPM's key in a file: «TSS2 PRIVATE KEY» (ASN.1 Specification for TPM 2.0 Key Files), which OpenSSL's providers for
 * TPMs and systemd read, too. It is no secret: the private part is encrypted by the TPM for itself.
 */
import { constructedContext, integer, octetString, oid, readDer, tag, write } from '../../asn1/index.ts';
import { type Bytes, decode, encode, rest, sized, u16be } from '../../bytes/index.ts';
import { pemBlocks, toPem } from '../../pki/index.ts';
import { Public } from './public.ts';

/** TPMT_PUBLIC, and TPM2B_PRIVATE without its length. */
export interface KeyParts {
  readonly public: Bytes;
  readonly private: Bytes;
}

const label = 'TSS2 PRIVATE KEY';
/** id-loadablekey. */
const loadable = '2.23.133.10.1.3';
/** TPM_RH_OWNER: the parent is the owner's primary storage key on P-256, made by its template. */
const owner = 0x4000_0001;

const Sized = sized(u16be, rest);

/** PEM of a key under the owner's storage key that no password protects. */
export const keyFile = ({ public: area, private: secret }: KeyParts): string =>
  toPem(
    label,
    write.sequence(
      write.oid(loadable),
      write.explicit(0, write.boolean(true)),
      write.integer(owner),
      write.octetString(encode(Sized, area)),
      write.octetString(encode(Sized, secret)),
    ),
  );

/**
 * Reads such a file.
 * @returns undefined for a file that is none
 * @throws {Malformed} for keys under another parent, with a policy or a password, and for what does not read
 */
export function readKeyFile(file: Bytes, path = 'key'): KeyParts | undefined {
  const [der] = pemBlocks(file, label, 1, path);
  if (!der) return undefined;
  const fields = readDer(der, path).expect(tag.sequence).fields();
  const type = fields.next('type');
  if (oid(type) !== loadable) type.fail('is another kind of key than a loadable one');
  // Whether a password is needed is found out by using the key.
  fields.explicit('emptyAuth', constructedContext(0));
  const parent = fields.next('parent', tag.integer);
  if (integer(parent) !== BigInt(owner))
    parent.fail(`is another than the owner’s storage key, 0x${owner.toString(16)}`);
  const [area, secret] = ['pubkey', 'privkey'].map((name) => octetString(fields.next(name))) as [Bytes, Bytes];
  fields.end();
  const parts = { public: decode(Sized, area), private: decode(Sized, secret) };
  decode(Public, parts.public);
  return parts;
}
