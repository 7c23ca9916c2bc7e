/** Around every command and answer (TPM 2.0 library, part 1 §18): tag, size, code, handles, authorisations. */
import { among, type Bytes, Cursor, encode, type Layout, struct, u8, u16be, u32be, Writer } from '../../bytes/index.ts';
import { AttestError } from '../../errors.ts';
import type { Command } from './commands.ts';
import { b2 } from './fields.ts';

/** TPM_ST_NO_SESSIONS and TPM_ST_SESSIONS. */
const tags = { plain: 0x8001, authorised: 0x8002 } as const;
const Header = struct({ tag: among(u16be, [tags.plain, tags.authorised]), size: u32be, code: u32be });

/** TPMS_AUTH_COMMAND. */
const Authorisation = struct({ session: u32be, nonce: b2(64), attributes: u8, hmac: b2(64) });
export type Authorisation = typeof Authorisation extends Layout<infer T> ? T : never;

/** Authorisation by a password; empty unless told. */
export const password = (text: Bytes = new Uint8Array(0)): Authorisation => ({
  session: 0x4000_0009,
  nonce: new Uint8Array(0),
  attributes: 0,
  hmac: text,
});
/** Authorisation by a policy session. @param keep whether the session outlives the command (its policy does not) */
export const policySession = (session: number, keep = false): Authorisation => ({
  session,
  nonce: new Uint8Array(0),
  attributes: keep ? 1 : 0,
  hmac: new Uint8Array(0),
});

/**
 * The bytes of one command.
 * @throws {AttestError} `Defect` when handles or authorisations are not as many as the command takes
 */
export function encodeCommand<P, A>(
  command: Command<P, A>,
  parameters: P,
  handles: readonly number[] = [],
  auths: readonly Authorisation[] = [],
): Bytes {
  if (handles.length !== command.handles || auths.length !== command.auths)
    throw new AttestError(
      'Defect',
      `${command.name} takes ${command.handles} handles and ${command.auths} authorisations`,
    );
  const body = new Writer();
  for (const handle of handles) u32be.write(handle, body);
  if (auths.length > 0) {
    const area = new Writer();
    for (const auth of auths) Authorisation.write(auth, area);
    u32be.write(area.length, body);
    body.put(area.done());
  }
  command.parameters.write(parameters, body);
  const tag = auths.length > 0 ? tags.authorised : tags.plain;
  const header = encode(Header, { tag, size: 10 + body.length, code: command.code });
  const out = new Writer();
  out.put(header);
  out.put(body.done());
  return out.done();
}

/** What a TPM answered: an error code, or what the command promises. */
export type Answer<A> =
  | { readonly code: 0 /** 0 where the command answers none. */; readonly handle: number; readonly value: A }
  | { readonly code: number; readonly value?: undefined };

/**
 * Reads the answer to a command.
 * @throws {Malformed} when it does not fit the command
 */
export function decodeAnswer<P, A>(command: Command<P, A>, input: Bytes): Answer<A> {
  const from = new Cursor(input);
  from.path = [command.name];
  const { tag, size, code } = Header.read(from);
  if (size !== input.length) from.fail(`says it is ${size} bytes long, and is ${input.length}`, 2);
  if (code !== 0) {
    if (from.left > 0) from.fail(`${from.left} bytes after the error 0x${code.toString(16)}`);
    return { code };
  }
  const handle = command.answersHandle ? u32be.read(from) : 0;
  if (tag === tags.plain) {
    const value = command.answer.read(from);
    if (from.left > 0) from.fail(`${from.left} bytes left over`);
    return { code: 0, handle, value };
  }
  const value = from.within(u32be.read(from), (parameters) => command.answer.read(parameters));
  // Authorisations come last; plain passwords and policies have nothing in theirs that could be checked.
  for (; from.left > 0; ) AnswerAuthorisation.read(from);
  return { code: 0, handle, value };
}

/** TPMS_AUTH_RESPONSE. */
const AnswerAuthorisation = struct({ nonce: b2(64), attributes: u8, hmac: b2(64) });
