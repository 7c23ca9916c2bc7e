/** Randomness of the operating system, drawn in larger pieces: asking for it costs more than getting it. */
import { randomFillSync } from 'node:crypto';
import type { Bytes } from '@assay/core';

/** Bytes drawn at a time. */
const piece = 4096;

/** @returns draws so many bytes, each handed out once; what was handed out is not kept here */
export function randomness(): (length: number) => Bytes {
  const drawn = new Uint8Array(piece);
  let at = piece;
  return (length) => {
    if (length > piece) return randomFillSync(new Uint8Array(length));
    if (at + length > piece) {
      randomFillSync(drawn);
      at = 0;
    }
    const out = drawn.slice(at, at + length);
    drawn.fill(0, at, at + length);
    at += length;
    return out;
  };
}
