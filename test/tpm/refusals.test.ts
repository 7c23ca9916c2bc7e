/** Every response code that a client can meet, provoked in a real TPM, and what is said about it. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  activateCredential,
  createAttestationKey,
  createRequestKey,
  endorsementKey,
  extendPcr,
  handlesFrom,
  keyAt,
  keyName,
  loadKey,
  openTpm,
  persistKey,
  signDigest,
  type Tpm,
  type TpmDevice,
  TpmError,
  withTpm,
} from '@assay/client';
import { type ManufacturedTpm, manufactureTpm, type SoftwareTpm, startTpm, swtpmProgram } from '@assay/client/testing';
import { type Bytes, concat, encode, u32be } from '@assay/core/bytes';
import {
  algorithm,
  commands,
  objectAttributes,
  type Public,
  password,
  policySession,
  selectionOf,
} from '@assay/core/tcg';
import { makeCredential } from '@assay/core/tpm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withSwtpm } from '../setup/swtpm.ts';

const none = new Uint8Array(0);
const owner = 0x4000_0001;

/** What a conversation is refused with. */
async function refusal(work: Promise<unknown>): Promise<readonly [code: string, message: string]> {
  try {
    await work;
  } catch (error) {
    if (error instanceof TpmError)
      return [`0x${error.rc?.toString(16).padStart(3, '0')} ${error.reason}`, error.message];
    throw error;
  }
  return expect.fail('was not refused');
}

/** A command of ours with other bytes on its way. */
const bent = (device: TpmDevice, bend: (command: Bytes) => Bytes): TpmDevice => ({
  ...device,
  alone: false,
  transmit: (command, timeoutMs) => device.transmit(bend(command), timeoutMs),
});

const resized = (command: Bytes): Bytes => {
  const out = command.slice();
  out.set(encode(u32be, out.length), 2);
  return out;
};

/** Makes a key with a password, under the owner; without `noDa` wrong passwords count. */
async function lockedKey(tpm: Tpm, counts: boolean): Promise<number> {
  const { fixedTpm, fixedParent, sensitiveDataOrigin, userWithAuth, sign, noDa } = objectAttributes;
  const scheme = { algorithm: algorithm.ecdsa, hash: algorithm.sha256, more: undefined };
  const noScheme = { algorithm: algorithm.none, hash: undefined, more: undefined };
  const template: Public = {
    type: algorithm.ecc,
    nameAlg: algorithm.sha256,
    attributes: fixedTpm | fixedParent | sensitiveDataOrigin | userWithAuth | sign | (counts ? 0 : noDa),
    authPolicy: none,
    symmetric: { algorithm: algorithm.none, keyBits: undefined, mode: undefined },
    scheme,
    curve: 3,
    kdf: noScheme,
    x: none,
    y: none,
  };
  const sensitive = { auth: Uint8Array.of(1, 2, 3), data: none };
  const { handle } = await tpm.call(
    commands.createPrimary,
    { sensitive, public: template, outsideInfo: none, pcrs: [] },
    [owner],
  );
  return handle;
}

const signAnything = {
  digest: new Uint8Array(32),
  scheme: { scheme: algorithm.none, hash: undefined },
  validation: { tag: 0x8024, hierarchy: 0x4000_0007, digest: none },
};

withSwtpm('what a TPM refuses', ({ start, made }) => {
  let machine: SoftwareTpm;
  beforeEach(async () => {
    machine = await start();
  });
  const others: (SoftwareTpm | ManufacturedTpm)[] = [];
  const otherTpm = async () => {
    const manufactured = await manufactureTpm('other');
    const other = await startTpm(manufactured);
    others.push(other, manufactured);
    return other;
  };
  afterEach(async () => {
    for (const other of others.splice(0)) await ('stop' in other ? other.stop() : other.remove());
  });
  const refusedIn = (work: (tpm: Tpm) => Promise<unknown>) => refusal(withTpm(machine.address, work));
  const refusedBent = async (bend: (command: Bytes) => Bytes, work: (tpm: Tpm) => Promise<unknown>) =>
    refusal(withTpm(bent(await openTpm(machine.address), bend), work));

  test('a TPM that is started already', async () => {
    expect(await refusedIn((tpm) => tpm.call(commands.startup, { type: 0 }))).toEqual([
      '0x100 INITIALIZE',
      'TPM2_Startup: the TPM is started already (TPM_RC_INITIALIZE, 0x100)',
    ]);
  });

  test('a TPM that was not started', async () => {
    await machine.reboot();
    expect(
      await refusedBent(
        (command) => command,
        (tpm) => tpm.call(commands.getRandom, { count: 4 }),
      ),
    ).toEqual([
      '0x100 INITIALIZE',
      'TPM2_GetRandom: the TPM was not started after it was powered on (TPM_RC_INITIALIZE, 0x100)',
    ]);
  });

  test('a TPM in failure mode', async () => {
    // Without flags swtpm wants to be told of the power first, and until then is as good as broken.
    const folder = mkdtempSync(join(tmpdir(), 'tpm-'));
    cpSync(join(made().folder, 'state'), join(folder, 'state'), { recursive: true });
    const path = join(folder, 'sock');
    const places = ['--tpmstate', `dir=${join(folder, 'state')}`, '--server', `type=unixio,path=${path}`];
    const child = spawn(swtpmProgram() as string, ['socket', '--tpm2', ...places], { stdio: 'ignore' });
    const ended = new Promise((done) => child.once('exit', done));
    const isThere = (): Promise<boolean> =>
      openTpm({ path }).then(
        (device) => device.close().then(() => true),
        () => false,
      );
    while (!(await isThere())) await delay(5);
    const work = async (tpm: Tpm) => tpm.call(commands.getRandom, { count: 4 });
    expect(await refusal(withTpm({ path }, work))).toEqual([
      '0x101 FAILURE',
      'TPM2_GetRandom: the TPM is in failure mode, and only a power cycle ends that (a software TPM may have lost its state folder) (TPM_RC_FAILURE, 0x101)',
    ]);
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  });

  describe('malformed commands are a defect of this client', () => {
    const ours = 'the TPM calls the command malformed, which is a defect of this client';
    const random = (tpm: Tpm) => tpm.call(commands.getRandom, { count: 4 });

    test('bytes left over', async () => {
      const bend = (command: Bytes) => resized(concat(command, Uint8Array.of(0)));
      expect(await refusedBent(bend, random)).toEqual(['0x095 SIZE', `TPM2_GetRandom: ${ours} (TPM_RC_SIZE, 0x095)`]);
    });

    test('a mark that no command has', async () => {
      const bend = (command: Bytes) => command.with(1, 3);
      expect(await refusedBent(bend, random)).toEqual(['0x084 VALUE', `TPM2_GetRandom: ${ours} (TPM_RC_VALUE, 0x084)`]);
    });

    test('two commands at once', async () => {
      expect(await refusedBent((command) => concat(command, command), random)).toEqual([
        '0x142 COMMAND_SIZE',
        `TPM2_GetRandom: ${ours} (TPM_RC_COMMAND_SIZE, 0x142)`,
      ]);
    });

    test('no authorisation', async () => {
      const bare = { ...commands.pcrExtend, auths: 0 };
      expect(await refusedIn((tpm) => tpm.call(bare, { digests: [] }, [1]))).toEqual([
        '0x125 AUTH_MISSING',
        `TPM2_PCR_Extend: ${ours} (TPM_RC_AUTH_MISSING, 0x125)`,
      ]);
    });

    test('a parameter that ends too early', async () => {
      expect(await refusedBent((command) => resized(command.slice(0, -1)), random)).toEqual([
        '0x1da INSUFFICIENT',
        'TPM2_GetRandom: the TPM refuses parameter 1 (count): it ends too early (TPM_RC_INSUFFICIENT, 0x1da)',
      ]);
    });
  });

  test('a command that it lacks', async () => {
    const unknown = { ...commands.getRandom, name: 'FieldUpgradeStart', code: 0x12f };
    expect(await refusedIn((tpm) => tpm.call(unknown, { count: 1 }))).toEqual([
      '0x143 COMMAND_CODE',
      'TPM2_FieldUpgradeStart: this TPM lacks the command (TPM_RC_COMMAND_CODE, 0x143)',
    ]);
  });

  describe('parameters and handles, each by its name', () => {
    test.each<[string, string, string, (tpm: Tpm) => Promise<unknown>]>([
      [
        'a value',
        '0x1c4 VALUE',
        'TPM2_GetCapability: the TPM refuses parameter 1 (capability): its value is not one that the command takes (TPM_RC_VALUE, 0x1c4)',
        (tpm) => tpm.call(commands.getCapability, { capability: 0x7777, first: 0, count: 1 }),
      ],
      [
        'a size',
        '0x1d5 SIZE',
        'TPM2_SequenceUpdate: the TPM refuses parameter 1 (data): its size is wrong (TPM_RC_SIZE, 0x1d5)',
        async (tpm) => {
          const { handle } = await tpm.call(commands.hashSequenceStart, { auth: none, hash: algorithm.sha256 });
          await tpm.call(commands.sequenceUpdate, { data: new Uint8Array(1025) }, [handle]);
        },
      ],
      [
        'a scheme',
        '0x2d2 SCHEME',
        'TPM2_Quote: the TPM refuses parameter 2 (scheme): the scheme does not fit the key (TPM_RC_SCHEME, 0x2d2)',
        async (tpm) => {
          const key = await loadKey(tpm, await createAttestationKey(tpm, { type: 'P-256' }));
          const scheme = { scheme: algorithm.ecdsa, hash: algorithm.sha384 };
          await tpm.call(commands.quote, { extraData: none, scheme, selection: [selectionOf(algorithm.sha256, [1])] }, [
            key.handle,
          ]);
        },
      ],
      [
        'a handle of no kind',
        '0x184 VALUE',
        'TPM2_ReadPublic: the TPM refuses handle 1 (0x00000005): its value is not one that the command takes (TPM_RC_VALUE, 0x184)',
        (tpm) => keyAt(tpm, 5),
      ],
      [
        'a handle of nothing',
        '0x18b HANDLE',
        'TPM2_ReadPublic: there is no object 0x81000077 (TPM_RC_HANDLE, 0x18b)',
        (tpm) => keyAt(tpm, 0x8100_0077),
      ],
      [
        'a certificate that is not there',
        '0x18b HANDLE',
        'TPM2_NV_ReadPublic: this TPM holds no such certificate (TPM_RC_HANDLE, 0x18b)',
        (tpm) => tpm.call(commands.nvReadPublic, {}, [0x01c0_000a]),
      ],
      [
        'a session that is gone',
        '0x1cb HANDLE',
        'TPM2_FlushContext: there is no object under the handle (TPM_RC_HANDLE, 0x1cb)',
        (tpm) => tpm.call(commands.flushContext, { handle: 0x0300_0000 }),
      ],
      [
        'the end of memory',
        '0x146 NV_RANGE',
        'TPM2_NV_Read: reads past the end of the NV index (TPM_RC_NV_RANGE, 0x146)',
        (tpm) => tpm.call(commands.nvRead, { size: 8, offset: 1012 }, [owner, 0x01c0_0002]),
      ],
      [
        'a handle that is taken',
        '0x14c NV_DEFINED',
        'TPM2_EvictControl: the handle is taken: choose another one, or remove what stands there (TPM_RC_NV_DEFINED, 0x14c)',
        async (tpm) => {
          const key = await loadKey(tpm, await createAttestationKey(tpm, { type: 'P-256' }));
          await persistKey(tpm, key, 0x8100_0077);
          await persistKey(tpm, key, 0x8100_0077);
        },
      ],
      [
        'a PCR of another locality',
        '0x907 LOCALITY',
        'TPM2_PCR_Extend: not allowed from this locality (TPM_RC_LOCALITY, 0x907)',
        (tpm) => extendPcr(tpm, 17, [{ hash: algorithm.sha256, digest: new Uint8Array(32) }]),
      ],
      [
        'a digest for a restricted key',
        '0x3e0 TICKET',
        'TPM2_Sign: a restricted key signs only what the TPM has hashed itself (TPM_RC_TICKET, 0x3e0)',
        async (tpm) =>
          signDigest(tpm, await loadKey(tpm, await createAttestationKey(tpm, { type: 'P-256' })), new Uint8Array(32)),
      ],
    ])('%s', async (_, code, message, work) => {
      expect(await refusedIn(work)).toEqual([code, message]);
    });
  });

  describe('the endorsement key', () => {
    const parts = { credential: new Uint8Array(66), secret: new Uint8Array(256) };
    const activation = async (tpm: Tpm, session?: number) => {
      const ak = await loadKey(tpm, await createAttestationKey(tpm, { type: 'P-256' }));
      const ek = await endorsementKey(tpm, 'L-1');
      const auth = session === undefined ? password() : policySession(session);
      await tpm.call(commands.activateCredential, parts, [ak.handle, ek.handle], [password(), auth]);
    };

    test('takes no password', async () => {
      expect(await refusedIn(activation)).toEqual([
        '0x12f AUTH_UNAVAILABLE',
        'TPM2_ActivateCredential: the object wants its policy fulfilled and takes no password, as endorsement keys do (TPM_RC_AUTH_UNAVAILABLE, 0x12f)',
      ]);
    });

    test('wants its policy', async () => {
      const work = async (tpm: Tpm) => {
        const plain = {
          nonce: new Uint8Array(16),
          salt: none,
          type: 1,
          symmetric: algorithm.none,
          hash: algorithm.sha256,
        };
        const { handle } = await tpm.call(commands.startAuthSession, plain, [0x4000_0007, 0x4000_0007]);
        await activation(tpm, handle);
      };
      expect(await refusedIn(work)).toEqual([
        '0xa9d POLICY_FAIL',
        "TPM2_ActivateCredential: the session does not fulfil the object's policy (endorsement keys of the high range need PolicyOR too) (TPM_RC_POLICY_FAIL, 0xa9d)",
      ]);
    });

    test.each(['L-1', 'H-3'])('opens no credential of another attestation key: %s', async (template) => {
      const work = async (tpm: Tpm) => {
        const attestationKey = await createAttestationKey(tpm, { type: 'P-256' });
        const other = await createAttestationKey(tpm, { type: 'P-256' });
        const ek = await endorsementKey(tpm, template);
        const credential = makeCredential(ek.area, keyName(other), new Uint8Array(32), (bytes) => randomBytes(bytes));
        await activateCredential(
          tpm,
          { attestationKey: await loadKey(tpm, attestationKey), endorsementKey: ek },
          credential,
        );
      };
      expect(await refusedIn(work)).toEqual([
        '0x1df INTEGRITY',
        'TPM2_ActivateCredential: the credential was made for another attestation key or another endorsement key, or was altered on its way (TPM_RC_INTEGRITY, 0x1df)',
      ]);
    });

    test('opens no credential of another endorsement key', async () => {
      const other = await otherTpm();
      const ek = await withTpm(other.address, (tpm) => endorsementKey(tpm, 'L-1'));
      const work = async (tpm: Tpm) => {
        const attestationKey = await loadKey(tpm, await createAttestationKey(tpm, { type: 'P-256' }));
        const credential = makeCredential(ek.area, attestationKey.name, new Uint8Array(32), (bytes) =>
          randomBytes(bytes),
        );
        await activateCredential(tpm, { attestationKey, endorsementKey: await endorsementKey(tpm, 'L-1') }, credential);
      };
      expect(await refusedIn(work)).toEqual([
        '0x101 FAILURE',
        'TPM2_ActivateCredential: the credential was made for another endorsement key, or the TPM is in failure mode (TPM_RC_FAILURE, 0x101)',
      ]);
      // It was the former.
      await withTpm(machine.address, (tpm) => tpm.call(commands.getRandom, { count: 4 }));
    });
  });

  test('a key of another TPM', async () => {
    const other = await otherTpm();
    const blob = await withTpm(other.address, (tpm) => createRequestKey(tpm, 'P-256'));
    expect(await refusedIn((tpm) => loadKey(tpm, blob))).toEqual([
      '0x1df INTEGRITY',
      'TPM2_Load: the key was made by another TPM or under another parent, or was altered since (TPM_RC_INTEGRITY, 0x1df)',
    ]);
  });

  test('a fourth key, a fourth session', async () => {
    const keys = async (tpm: Tpm) => {
      for (let made = 0; made < 9; made++) await endorsementKey(tpm, 'H-2');
    };
    const keep = '/dev/tpmrm0, where every program has slots of its own';
    expect(await refusedIn(keys)).toEqual([
      '0x902 OBJECT_MEMORY',
      `TPM2_CreatePrimary: the TPM has no room for another key: flush one, or use ${keep} (TPM_RC_OBJECT_MEMORY, 0x902)`,
    ]);
    const plain = { nonce: new Uint8Array(16), salt: none, type: 1, symmetric: algorithm.none, hash: algorithm.sha256 };
    const sessions = async (tpm: Tpm) => {
      for (let made = 0; made < 9; made++) await tpm.call(commands.startAuthSession, plain, [0x4000_0007, 0x4000_0007]);
    };
    expect(await refusedIn(sessions)).toEqual([
      '0x903 SESSION_MEMORY',
      `TPM2_StartAuthSession: the TPM has no room for another session: flush one, or use ${keep} (TPM_RC_SESSION_MEMORY, 0x903)`,
    ]);
    // Both conversations left nothing behind.
    await withTpm(machine.address, async (tpm) => {
      expect([await handlesFrom(tpm, 0x8000_0000), await handlesFrom(tpm, 0x0200_0000)]).toEqual([[], []]);
    });
  });

  test('wrong passwords, of which some count', async () => {
    const tried = (counts: boolean) =>
      refusedIn(async (tpm) => {
        const key = await lockedKey(tpm, counts);
        await tpm.call(commands.sign, signAnything, [key], [password(Uint8Array.of(9))]);
      });
    const uncounted = [
      '0x9a2 BAD_AUTH',
      'TPM2_Sign: wrong password; the try does not count towards a lockout (TPM_RC_BAD_AUTH, 0x9a2)',
    ];
    for (let i = 0; i < 5; i++) expect(await tried(false)).toEqual(uncounted);
    const counted = [
      '0x98e AUTH_FAIL',
      'TPM2_Sign: wrong password; the try counts towards the lockout of this TPM (TPM_RC_AUTH_FAIL, 0x98e)',
    ];
    for (let i = 0; i < 3; i++) expect(await tried(true)).toEqual(counted);
    expect(await tried(true)).toEqual([
      '0x921 LOCKOUT',
      'TPM2_Sign: the TPM is locked after too many wrong passwords or unorderly stops: wait, or reset it with the lockout authorisation (TPM_RC_LOCKOUT, 0x921)',
    ]);
  });

  describe('keys that are protected from guessing', () => {
    const use = async (tpm: Tpm) => {
      const key = await lockedKey(tpm, true);
      await tpm.call(commands.sign, signAnything, [key], [password(Uint8Array.of(1, 2, 3))]);
    };

    test('are asked twice after a boot', async () => {
      const slept: number[] = [];
      const sleep = async (ms: number) => {
        slept.push(ms);
      };
      await withTpm(machine.address, use, { sleep });
      expect(slept).toEqual([20]);
    });

    test('do not lock a TPM that is stopped in order', async () => {
      for (let boots = 0; boots < 5; boots++) {
        await withTpm(machine.address, use);
        await machine.reboot();
      }
    });

    test('lock one that is not', async () => {
      const unorderly = async () => {
        await withTpm(machine.address, async () => {});
        const device = { ...(await openTpm(machine.address)), alone: false };
        await withTpm(device, use);
        await machine.reboot();
      };
      const all = async () => {
        for (let boots = 0; boots < 5; boots++) await unorderly();
      };
      expect((await refusal(all()))[0]).toBe('0x921 LOCKOUT');
    });
  });
});
