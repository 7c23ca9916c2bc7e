/** A TPM that answers what a test tells it to. */
import { type Bytes, encode, struct, u16be, u32be } from '@assay/core/bytes';
import type { TpmDevice } from './device.ts';

const Header = struct({ tag: u16be, size: u32be, code: u32be });

/** An answer without authorisations. */
export const answering = (code: number, body: Bytes = new Uint8Array(0)): Bytes => {
  const head = encode(Header, { tag: 0x8001, size: 10 + body.length, code });
  return new Uint8Array(Buffer.concat([head, body]));
};

export interface FakeTpm {
  readonly device: TpmDevice;
  /** Command codes that came, in order. */
  readonly got: readonly number[];
  readonly isClosed: () => boolean;
}

/** @param answer gets the command's code and how many came before it */
export function fakeTpm(answer: (code: number, count: number) => Bytes | Promise<Bytes>, alone = false): FakeTpm {
  const got: number[] = [];
  let closed = false;
  let busy = false;
  const device: TpmDevice = {
    alone,
    async transmit(command) {
      if (busy || closed) throw new TypeError('spoken to out of turn');
      busy = true;
      const code = new DataView(command.buffer, command.byteOffset).getUint32(6);
      got.push(code);
      try {
        return await answer(code, got.length - 1);
      } finally {
        busy = false;
      }
    },
    async close() {
      closed = true;
    },
  };
  return { device, got, isClosed: () => closed };
}
