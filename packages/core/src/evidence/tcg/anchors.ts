/**
 * The root key of Microsoft's attestation key CAs: the one thing about TPMs that is believed without proof. Whoever runs
 * another CA adds its root by configuration.
 */
import { type Bytes, fromBase64 } from '../../bytes/index.ts';

/** The family of anchors that chains of attestation keys end in. */
export const aikFamily = 'tpm-aik';

/**
 * SubjectPublicKeyInfo of «Microsoft TPM Root Certificate Authority 2014», RSA 4096. SHA-256 of these bytes:
 * 5eadfa0187a24edb747b98523f89cf92d33eeb20ec81b9d0a31e170b73c2dbb2.
 * Read from the root certificate that Microsoft publishes in TrustedTpm.cab (SHA-256 of the certificate:
 * 870c7a35ceab3d59979f2c6a524042d404cb71518004350925fb2ced79a999da; in force from 2014-12-10 to 2039-12-10).
 */
export const microsoftTpmRoot: Bytes = fromBase64(
  'MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAn6f5ucq38kchEL+gj/GCSCxh0/M/SCm924MDYZtG22H4vhZTKhkoYHDu7PluOM/wCqXhgTHKNHcRlDguqdkKEymgKh9t4NHgyMITVMbBaCEalLSYzca1YP1eIwTisTYrRVbel03QIvORhu9luzbBBMV8TrbI1CIOPIcVYBngFAfh5ZrzCsMxTEgCd5QKlTrMLAz6XpCHiiFfTrcEfNeVNJNzV8OyI9oq4wyNaMr2+nlQcU9r50wBavo6WNBk8UiDdpnhxR/NL3L6fvsezU1c8GfoTgNvrv3PgNOEhfKgp5lO/VppY5aX97GwMsa3aZMxPLKRVXy4PV5GNiuIWmahEPAkoAQw59pRFqvOnuGRr1M4SUbIPaA5XgWxyvYzEBgLLAuY4vMDhUNJgu4oCE9KnvJrARPfQC9jUdF8zAHF61KpY/b7JlE1gmUemivlBO5EODNH5l6P5pbHqtY1jHjeQu2GjN5UndAKwPmIQj85mWZaflZh/s7wsH/UDuxyti/jgUPxyTdn6HFemSSUCyMkywdlr2YGqH5VHUCJxfi5kbybXrHrllTa5SkFreufwJM2bDXtkc6K5JYm1L34+tlUDyWOB/hCADWDo084SIsbZ+fwab6vkCT722q/vYoN3YU8EntfHiy1iP9aM0+0RSFbitwsreS0t9zLp5rtGhzDnLkCAwEAAQ==',
  'base64',
);
