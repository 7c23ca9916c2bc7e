import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { characterDevice, type DeviceFile, openCharacterDevice } from './character.ts';
import { openTpm } from './device.ts';
import { TpmError } from './error.ts';
import { answering } from './fake.test.support.ts';

const command = new Uint8Array([0x80, 0x01, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 4]);
const answer = answering(0, Uint8Array.of(0, 2, 7, 7));

async function refusal(work: Promise<unknown>): Promise<TpmError> {
  const error = await work.then(
    () => expect.fail('went well'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TpmError);
  return error as TpmError;
}
const systemError = (code: string) => Object.assign(new Error(code), { code });
const never = new Promise<never>(() => {});

describe('a character device', () => {
  const file = (parts: Partial<DeviceFile> = {}): DeviceFile => ({
    write: async (written) => written.length,
    read: async (into) => {
      into.set(answer);
      return answer.length;
    },
    close: async () => {},
    ...parts,
  });
  const transmit = (parts: Partial<DeviceFile>) => characterDevice('/dev/x', file(parts)).transmit(command, 20);

  test('takes a command in one write and gives the answer in one read of 4096 bytes', async () => {
    const seen: unknown[] = [];
    const device = characterDevice(
      '/dev/x',
      file({
        write: async (written) => seen.push(written) && written.length,
        read: async (into) => {
          seen.push(into.length);
          into.set(answer);
          return answer.length;
        },
      }),
    );
    expect(await device.transmit(command, 1000)).toEqual(answer);
    expect(seen).toEqual([command, 4096]);
    expect(device.alone).toBe(false);
  });

  test.each<[string, Partial<DeviceFile>, string, RegExp]>([
    ['half a write', { write: async () => 5 }, 'Nonsense', /took 5 of 12 bytes/],
    ['no answer', { read: async () => 0 }, 'Nonsense', /answered nothing/],
    ['a time-out', { write: () => never }, 'TimedOut', /not answered within 20 ms/],
    ['a foreign handle', { write: () => Promise.reject(systemError('EINVAL')) }, 'Lost', /belongs to another program/],
    ['an answer not yet read', { write: () => Promise.reject(systemError('EBUSY')) }, 'Lost', /waiting to be read/],
    ['a long command', { write: () => Promise.reject(systemError('E2BIG')) }, 'Lost', /too long/],
    ['a TPM that is gone', { read: () => Promise.reject(systemError('EPIPE')) }, 'Lost', /is gone/],
    ['anything else', { read: () => Promise.reject(systemError('EIO')) }, 'Lost', /the device failed \(EIO\)/],
  ])('%s', async (_, parts, reason, message) => {
    const error = await refusal(transmit(parts));
    expect([error.reason, error.message]).toEqual([reason, expect.stringMatching(message)]);
  });

  test('is given up after a failure: the next answer could be the last one’s', async () => {
    const device = characterDevice('/dev/x', file({ read: () => never, close: () => never }));
    expect((await refusal(device.transmit(command, 5))).reason).toBe('TimedOut');
    expect((await refusal(device.transmit(command, 5))).reason).toBe('Lost');
    await device.close();
  });

  test('is a stream without positions', async () => {
    // A FIFO open for both ways gives back what went in, and like the device knows no positions (ESPIPE).
    const folder = mkdtempSync(join(tmpdir(), 'fifo-'));
    execFileSync('mkfifo', [join(folder, 'f')]);
    const device = await openCharacterDevice(join(folder, 'f'));
    for (let i = 0; i < 3; i++) expect(await device.transmit(command, 1000)).toEqual(command);
    await device.close();
    rmSync(folder, { recursive: true });
  });

  test('is opened for both ways, or not at all', async () => {
    expect((await refusal(openCharacterDevice('/dev/no-such-tpm'))).reason).toBe('Absent');
    // /dev/null is one, and takes everything and says nothing.
    const device = await openTpm({ path: '/dev/null' });
    expect((await refusal(device.transmit(command, 1000))).message).toBe('/dev/null answered nothing');
    await device.close();
  });
});

describe('a socket', () => {
  let folder: string;
  let path: string;
  let server: Server;
  let sockets: Socket[];
  let reply: (socket: Socket, chunk: Buffer) => void;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sock-'));
    path = join(folder, 's');
    sockets = [];
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.on('data', (chunk) => reply(socket, chunk));
    });
    await new Promise<void>((done) => server.listen(path, done));
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
    rmSync(folder, { recursive: true });
  });

  test('an answer in pieces, twice', async () => {
    reply = (socket) => {
      for (const [i] of answer.entries()) setTimeout(() => socket.write(answer.subarray(i, i + 1)), i);
    };
    const device = await openTpm({ path });
    expect(device.alone).toBe(true);
    expect(await device.transmit(command, 1000)).toEqual(answer);
    expect(await device.transmit(command, 1000)).toEqual(answer);
    await device.close();
    expect((await refusal(device.transmit(command, 1000))).reason).toBe('Lost');
  });

  test.each<[string, (socket: Socket) => void, string, RegExp]>([
    ['silence', () => {}, 'TimedOut', /speaks to one program at a time/],
    ['half an answer', (socket) => socket.write(answer.subarray(0, 11)), 'TimedOut', /within 50 ms/],
    ['an end', (socket) => socket.destroy(), 'Lost', /closed the connection/],
    ['too much', (socket) => socket.write(Buffer.concat([answer, answer])), 'Nonsense', /28 bytes of an answer.*14/],
    [
      'a length of 9',
      (socket) => socket.write(Buffer.from('8001000000090000000000', 'hex')),
      'Nonsense',
      /says it is 9/,
    ],
    ['a length of 4097', (socket) => socket.write(Buffer.from('80010000100100000000', 'hex')), 'Nonsense', /is 4097/],
  ])('%s ends it', async (_, respond, reason, message) => {
    reply = respond;
    const device = await openTpm({ path });
    const error = await refusal(device.transmit(command, 50));
    expect([error.reason, error.message]).toEqual([reason, expect.stringMatching(message)]);
    expect(await refusal(device.transmit(command, 50))).toBe(error);
    await device.close();
  });

  test('bytes that nobody asked for end it', async () => {
    reply = (socket) => {
      socket.write(answer);
      setTimeout(() => socket.write('x'), 5);
    };
    const device = await openTpm({ path });
    await device.transmit(command, 1000);
    await new Promise((done) => setTimeout(done, 30));
    const error = await refusal(device.transmit(command, 1000));
    expect([error.reason, error.message]).toEqual(['Nonsense', expect.stringMatching(/1 bytes that nobody asked for/)]);
  });

  test('TCP', async () => {
    reply = (socket) => socket.write(answer);
    const tcp = createServer((socket) => socket.on('data', () => socket.write(answer)));
    await new Promise<void>((done) => tcp.listen(0, '127.0.0.1', done));
    const { port } = tcp.address() as { readonly port: number };
    const device = await openTpm({ host: '127.0.0.1', port });
    expect(await device.transmit(command, 1000)).toEqual(answer);
    await device.close();
    await new Promise((done) => tcp.close(done));
    const error = await refusal(openTpm({ host: '127.0.0.1', port }));
    expect([error.reason, error.message]).toEqual(['Absent', expect.stringMatching(/nobody listens there/)]);
  });

  test('nothing there, or something else', async () => {
    expect((await refusal(openTpm({ path: join(folder, 'none') }))).message).toMatch(/Is the software TPM running/);
    expect((await refusal(openTpm({ path: '/dev/no-such-tpm' }))).message).toMatch(/have a TPM 2.0, switched on/);
    writeFileSync(join(folder, 'file'), '');
    expect((await refusal(openTpm({ path: join(folder, 'file') }))).message).toMatch(/neither a device nor a socket/);
  });
});
