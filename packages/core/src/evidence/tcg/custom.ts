/** Claims that the client makes of itself (Azure Attestation, TPM protocol, `custom_claims`). Nothing proves them. */
import { Malformed } from '../../errors.ts';
import { elements, member, type Slot, text } from '../../json/index.ts';

export interface CustomClaim {
  readonly name: string;
  readonly value: string | bigint | boolean;
}

const most = { claims: 32, name: 256, value: 4096 };

/** Values are text whatever their kind; the spelling of kinds is not documented, so their case makes no difference. */
const kinds: { readonly [kind: string]: (value: string) => CustomClaim['value'] | undefined } = {
  string: (value) => value,
  integer: whole,
  int: whole,
  int32: whole,
  boolean: truth,
  bool: truth,
};

function whole(value: string): bigint | undefined {
  if (!/^-?(0|[1-9][0-9]{0,18})$/.test(value)) return undefined;
  const number = BigInt(value);
  return BigInt.asIntN(64, number) === number ? number : undefined;
}

function truth(value: string): boolean | undefined {
  const word = value.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

/** @throws {Malformed} for a kind that is not known, a value that is not of its kind, and a name that is there twice */
export function customClaims(slot: Slot | undefined): readonly CustomClaim[] {
  const names = new Set<string>();
  return (slot ? elements(slot, most.claims) : []).map((one) => {
    const [nameSlot, valueSlot, kindSlot] = [member(one, 'name'), member(one, 'value'), member(one, 'value_type')];
    const [name, value, kind] = [text(nameSlot), text(valueSlot), text(kindSlot).toLowerCase()];
    if (name === '' || name.length > most.name || /[\p{Cc}"\\]/u.test(name))
      throw new Malformed(nameSlot.path, undefined, `must have 1 to ${most.name} printable characters`);
    if (names.has(name)) throw new Malformed(nameSlot.path, undefined, 'is the name of an earlier claim');
    names.add(name);
    if (value.length > most.value)
      throw new Malformed(valueSlot.path, undefined, `has ${value.length} characters, at most ${most.value}`);
    const read = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    if (!read) throw new Malformed(kindSlot.path, undefined, 'must be string, integer or boolean');
    const found = read(value);
    if (found === undefined) throw new Malformed(valueSlot.path, undefined, `is no ${kind}`);
    return { name, value: found };
  });
}
