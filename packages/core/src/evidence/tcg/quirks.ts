/**
 * What real firmware, boot loaders and systems do otherwise than the specifications say, and how it is met. Each was seen
 * on the platforms named; none makes anything believed that a digest does not prove.
 */

export interface Quirk {
  /** Seen in. */
  readonly platforms: string;
  readonly symptom: string;
  readonly rule: string;
}

const quirk = (platforms: string, symptom: string, rule: string): Quirk => ({ platforms, symptom, rule });

export const quirks = {
  F1: quirk(
    'shim up to 15.x: Container-Optimized OS 85, Debian 10 and others',
    'an authority event is 6 bytes longer than its header says, its data is a bare certificate without an owner, and the digest is that of all bytes but the last',
    'accepted exactly so: a tail of at most 7 bytes, hashed without the last byte; the owner is left out',
  ),
  F2: quirk(
    'Arch Linux, Intel NUC',
    'the variable SecureBoot has no data; a program is measured before «Calling EFI Application…»',
    'no data means that Secure Boot is off; the order between PCRs means nothing',
  ),
  F3: quirk(
    'Windows with a SHA-256 log: Lenovo T480s, Supermicro',
    'PCRs of the SHA-1 bank hold one extension by zeros beyond the log',
    'such a bank is capped: explained, and no claim is made from it',
  ),
  F4: quirk('an HPE server', 'PCR 0 cannot be reached', 'PCR 0 is unexplained'),
  F5: quirk(
    'systemd with kernel stub and phase measurements',
    'PCR 11 is extended after the log ends',
    'PCR 11 is unexplained beyond the log, and that is usual',
  ),
  F6: quirk('boots through a BIOS', 'PCR 4 holds events of kind IPL and compact hash', 'no facts of UEFI'),
  F7: quirk(
    'Dell, Surface',
    'boot variables are logged without a header',
    'the data are the contents; the name is not known',
  ),
  F8: quirk('Lenovo X1', 'one log was sent with two quotes of different PCR 0', 'the replay fails against the other'),
  F9: quirk('several', 'events of different PCRs interleave in any order', 'order counts within one PCR only'),
  F10: quirk('machines sold in China', 'an SM3 bank beside SHA banks', 'its digests are passed over by their size'),
  F11: quirk('test files', 'a byte after an IMA list, or a list cut within an entry', 'refused; tools may tolerate it'),
  F12: quirk('Intel CSME', 'EV_NONHOST_INFO holds a blob that was not hashed', 'the digest alone counts'),
  F13: quirk(
    'several boards',
    '«Calling EFI Application» repeats after failed boot options',
    'facts come from the last attempt',
  ),
  F14: quirk(
    'hostile signature lists',
    'sizes of headers, lists and entries contradict each other',
    'every step is bounded; a signature header is passed over',
  ),
  F15: quirk(
    'HP EliteBook; others',
    'PCR 7 holds actions such as «Security Level is Downgraded to 0» or «DMA Protection Disabled»',
    'they are kept as facts',
  ),
  F16: quirk(
    'a Supermicro server',
    'PCR 7 holds an authority but none of the Secure Boot variables',
    'Secure Boot is undetermined',
  ),
  F17: quirk(
    'Windows',
    'the last record is a trust point with the PCR index FFFFFFFF',
    'it is read and never extended',
  ),
  F18: quirk(
    'Surface',
    'an authority event is the entry of db alone, and its digest is that of the variable db around it',
    'accepted: the digest proves the name db',
  ),
} as const satisfies Record<string, Quirk>;

export type QuirkId = keyof typeof quirks;
