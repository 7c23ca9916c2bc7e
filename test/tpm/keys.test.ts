/** Keys, certificates, statements and PCRs of a live TPM, checked with core and with OpenSSL. */
import { randomBytes, X509Certificate } from 'node:crypto';
import {
  activateCredential,
  activeBanks,
  certify,
  createAttestationKey,
  createRequestKey,
  type EndorsementKey,
  endorsementCertificates,
  endorsementKey,
  extendPcr,
  handlesFrom,
  keyAt,
  keyName,
  loadKey,
  openTpm,
  persistKey,
  quotePcrs,
  readPcrs,
  removeKey,
  selectionsFor,
  signDigest,
  type TpmDevice,
  withTpm,
} from '@assay/client';
import { bootToOrder, type SoftwareTpm } from '@assay/client/testing';
import { concat, decode, hex } from '@assay/core/bytes';
import { digest } from '@assay/core/crypto';
import { forgeLog, linuxBoot } from '@assay/core/testing';
import {
  algorithm,
  attributeNames,
  Certify,
  commands,
  makeCredential,
  nameOf,
  parseLog,
  publicKeyOf,
  replay,
  Signature,
  selectionOf,
  signatureProblem,
} from '@assay/core/tpm';
import { beforeEach, describe, expect, test } from 'vitest';
import { withSwtpm } from '../setup/swtpm.ts';

withSwtpm('a live TPM', ({ start, made }) => {
  let machine: SoftwareTpm;
  beforeEach(async () => {
    machine = await start();
  });

  describe('certificates of endorsement keys', () => {
    test('are found, end where their DER ends, and chain to the maker', async () => {
      const found = await withTpm(machine.address, endorsementCertificates);
      expect(found.map(({ template }) => template.name)).toEqual(['L-1', 'H-3']);
      const issuer = new X509Certificate(made().intermediate);
      for (const { certificate } of found) {
        const parsed = new X509Certificate(certificate);
        expect(parsed.raw.equals(certificate)).toBe(true);
        expect(parsed.verify(issuer.publicKey)).toBe(true);
      }
      expect(issuer.verify(new X509Certificate(made().root).publicKey)).toBe(true);
    });

    test.each(['L-1', 'H-3'])('are over keys of the TPM, stored or made again: %s', async (name) => {
      await withTpm(machine.address, async (tpm) => {
        const stored = await endorsementKey(tpm, name);
        const certified = new X509Certificate(stored.certificate as Uint8Array).publicKey;
        const spki = certified.export({ type: 'spki', format: 'der' });
        expect([stored.handle >>> 24, spki.equals(publicKeyOf(stored.area).spki)]).toEqual([0x81, true]);
        await removeKey(tpm, stored.handle);
        const again = await endorsementKey(tpm, name);
        expect([again.handle >>> 24, spki.equals(publicKeyOf(again.area).spki)]).toEqual([0x80, true]);
      });
    });

    test('of other keys than the TPM has are noticed', async () => {
      const device = await openTpm(machine.address);
      const bent: TpmDevice = {
        ...device,
        async transmit(command, timeoutMs) {
          const answer = await device.transmit(command, timeoutMs);
          const isRead = new DataView(command.buffer, command.byteOffset).getUint32(6) === commands.nvRead.code;
          return isRead ? answer.map((byte, i) => (i > 200 && i < answer.length - 100 ? byte ^ 0x55 : byte)) : answer;
        },
      };
      await expect(withTpm(bent, (tpm) => endorsementKey(tpm))).rejects.toMatchObject({
        reason: 'Unfit',
        message: 'this TPM has certificates of endorsement keys (L-1, H-3), and none of these keys',
      });
    });

    test.each(['L-2', 'H-1', 'H-2'])('are missing, and the key is made all the same: %s', async (name) => {
      const key = await withTpm(machine.address, (tpm) => endorsementKey(tpm, name));
      expect([key.certificate, key.handle >>> 24]).toEqual([undefined, 0x80]);
    });
  });

  describe('a credential', () => {
    const activated = (name: string) =>
      withTpm(machine.address, async (tpm) => {
        const attestationKey = await loadKey(tpm, await createAttestationKey(tpm, { type: 'P-256' }));
        const ek: EndorsementKey = await endorsementKey(tpm, name);
        const secret = new Uint8Array(randomBytes(32));
        const credential = makeCredential(ek.area, attestationKey.name, secret, (bytes) => randomBytes(bytes));
        const opened = await activateCredential(tpm, { attestationKey, endorsementKey: ek }, credential);
        return [hex(opened), hex(secret)];
      });

    test.each(['L-1', 'L-2', 'H-1', 'H-2', 'H-3'])('is opened by the endorsement key %s', async (name) => {
      const [opened, secret] = await activated(name);
      expect(opened).toBe(secret);
    });

    test('that is no structure is refused here', async () => {
      await withTpm(machine.address, async (tpm) => {
        const attestationKey = await loadKey(tpm, await createAttestationKey(tpm, { type: 'P-256' }));
        const ek = await endorsementKey(tpm, 'L-1');
        const bad = { blob: new Uint8Array([0, 9, 1]), secret: new Uint8Array([0, 0]) };
        await expect(activateCredential(tpm, { attestationKey, endorsementKey: ek }, bad)).rejects.toMatchObject({
          reason: 'Unfit',
          message: "the credential's blob is no TPM2B structure",
        });
      });
    });
  });

  describe('keys', () => {
    test.each([[undefined], [{ type: 'P-256' }], [{ type: 'P-384' }], [{ type: 'RSA', padding: 'PSS' }]] as const)(
      'attestation keys sign statements of the TPM alone: %j',
      async (kind) => {
        const blob = await withTpm(machine.address, (tpm) => createAttestationKey(tpm, kind));
        // The blob outlives the conversation.
        const key = await withTpm(machine.address, (tpm) => loadKey(tpm, blob));
        expect(attributeNames(key.area.attributes)).toEqual([
          ...['fixedTpm', 'fixedParent', 'sensitiveDataOrigin', 'userWithAuth', 'noDa', 'restricted', 'sign'],
        ]);
        expect(hex(key.name)).toBe(hex(nameOf(blob.public)));
        expect(hex(keyName(blob))).toBe(hex(key.name));
      },
    );

    test.each(['RSA', 'P-256'] as const)('request keys are certified and sign anything: %s', async (type) => {
      const challenge = new Uint8Array(randomBytes(16));
      const message = digest('sha256', challenge);
      const [attested, key, ak, signature] = await withTpm(machine.address, async (tpm) => {
        const by = await loadKey(tpm, await createAttestationKey(tpm));
        const object = await loadKey(tpm, await createRequestKey(tpm, type));
        return [await certify(tpm, object, by, challenge), object, by, await signDigest(tpm, object, message)];
      });
      const read = decode(Signature, attested.signature);
      expect(signatureProblem(read, publicKeyOf(ak.area), attested.attest)).toBeUndefined();
      const statement = decode(Certify, attested.attest);
      expect([hex(statement.extraData), hex(statement.attested.name)]).toEqual([
        hex(challenge),
        hex(nameOf(key.public)),
      ]);
      expect(signatureProblem(signature, publicKeyOf(key.area), challenge)).toBeUndefined();
      expect(attributeNames(key.area.attributes)).not.toContain('restricted');
    });

    test('can be stored in the TPM, and removed', async () => {
      const handle = 0x8100_0077;
      await withTpm(machine.address, async (tpm) => {
        const key = await loadKey(tpm, await createAttestationKey(tpm, { type: 'P-256' }));
        const stored = await persistKey(tpm, key, handle);
        expect(stored.handle).toBe(handle);
      });
      await machine.reboot();
      await withTpm(machine.address, async (tpm) => {
        const key = await keyAt(tpm, handle);
        await quotePcrs(tpm, key, await selectionsFor(tpm, [{ bank: 'sha256' }]), new Uint8Array(16));
        await removeKey(tpm, handle);
        expect(await handlesFrom(tpm, 0x8100_0000)).not.toContain(handle);
      });
    });

    test('never take more than three slots', async () => {
      await withTpm(machine.address, async (tpm) => {
        const ak = await loadKey(tpm, await createAttestationKey(tpm, { type: 'P-256' }));
        await loadKey(tpm, await createRequestKey(tpm, 'P-256'));
        expect((await handlesFrom(tpm, 0x8000_0000)).length).toBe(2);
        await tpm.flush(ak.handle);
        expect((await handlesFrom(tpm, 0x8000_0000)).length).toBe(1);
      });
    });
  });

  describe('PCRs', () => {
    test('of all banks are read, and are what the boot’s log tells', async () => {
      const banks = await withTpm(machine.address, activeBanks);
      expect(banks).toEqual(['sha1', 'sha256', 'sha384']);
      const boot = forgeLog(linuxBoot(), banks);
      await bootToOrder(machine, boot);
      const values = await withTpm(machine.address, async (tpm) =>
        readPcrs(
          tpm,
          await selectionsFor(
            tpm,
            banks.map((bank) => ({ bank })),
          ),
        ),
      );
      for (const { bank, values: read } of values) {
        expect(read.map(({ index }) => index)).toEqual(Array.from({ length: 24 }, (_, index) => index));
        for (const [pcr, { values: told }] of replay(bank, parseLog(boot.log)).registers)
          expect([pcr, hex(read[pcr]?.digest as Uint8Array)]).toEqual([pcr, hex(told.at(-1) as Uint8Array)]);
        const untouched = read[9]?.digest as Uint8Array;
        expect(hex(untouched)).toBe('00'.repeat(untouched.length));
      }
    });

    test('are extended', async () => {
      const value = digest('sha256', new Uint8Array(0));
      await withTpm(machine.address, async (tpm) => {
        const selection = await selectionsFor(tpm, [{ bank: 'sha256', indices: [16] }]);
        await extendPcr(tpm, 16, [{ hash: algorithm.sha256, digest: value }]);
        const [bank] = await readPcrs(tpm, selection);
        expect(hex(bank?.values[0]?.digest as Uint8Array)).toBe(
          hex(digest('sha256', concat(new Uint8Array(32), value))),
        );
      });
    });

    test.each([
      [
        'a bank that is off',
        [{ bank: 'sha512' }],
        'the PCR bank sha512 is not switched on in this TPM, which has sha1, sha256, sha384',
      ],
      ['no PCR', [{ bank: 'sha256', indices: [] }], 'no PCR was chosen'],
      ['PCR 24', [{ bank: 'sha256', indices: [24] }], 'PCRs are numbered from 0 to 23, not 24'],
      ['a bank twice', [{ bank: 'sha256' }, { bank: 'sha256' }], 'a PCR bank was chosen twice'],
      ['nothing', [], 'no PCR was chosen'],
    ] as const)('cannot be chosen: %s', async (_, choice, message) => {
      await expect(withTpm(machine.address, (tpm) => selectionsFor(tpm, choice))).rejects.toMatchObject({
        reason: 'Unfit',
        message,
      });
    });

    test('of a bank that is off are quoted as if nothing had been selected, which is refused', async () => {
      const work = withTpm(machine.address, async (tpm) => {
        const key = await loadKey(tpm, await createAttestationKey(tpm, { type: 'P-256' }));
        await quotePcrs(tpm, key, [selectionOf(algorithm.sha512, [1])], new Uint8Array(16));
      });
      await expect(work).rejects.toMatchObject({ reason: 'Unfit', message: 'the TPM quoted no PCR at all' });
    });
  });

  test('leaves nothing behind, also after a failure', async () => {
    const failing = withTpm(machine.address, async (tpm) => {
      await loadKey(tpm, await createAttestationKey(tpm, { type: 'P-256' }));
      throw new RangeError('enough');
    });
    await expect(failing).rejects.toThrow(RangeError);
    await withTpm(machine.address, async (tpm) => {
      expect(await handlesFrom(tpm, 0x8000_0000)).toEqual([]);
    });
  });
});
