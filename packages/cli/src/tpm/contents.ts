/** What the command line puts into a request beside the evidence. */
import type { RequestContents } from '@assay/client';
import { Malformed } from '@assay/core';
import { fromBase64 } from '@assay/core/bytes';
import { CommandError } from '../exit.ts';
import { customClaims } from './options.ts';

export interface ContentsOptions {
  /** base64url, as the token will show it. */
  readonly nonce?: string;
  readonly relyingParty?: string;
  readonly claim?: readonly string[];
}

/** @throws {CommandError} usage */
export function contentsOf({ nonce, relyingParty, claim = [] }: ContentsOptions): RequestContents {
  return {
    ...(nonce !== undefined && { relyingPartyData: nonceOf(nonce) }),
    ...(relyingParty !== undefined && { relyingPartyId: relyingParty }),
    ...(claim.length > 0 && { customClaims: customClaims(claim) }),
  };
}

function nonceOf(text: string): Uint8Array {
  try {
    return fromBase64(text, 'base64url', '--nonce');
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new CommandError('usage', `--nonce takes base64url, as the token will show it, not «${text}»`, [], cause);
  }
}
