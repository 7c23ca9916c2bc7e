import { type Bytes, base64url, utf8 } from '@assay/core/bytes';
import { expect, test } from 'vitest';
import { challengeOf } from './exchange.ts';

const answer = (challenge: Bytes): unknown => ({
  data: base64url(utf8(JSON.stringify({ payload: { challenge: base64url(challenge), service_context: 'AA' } }))),
});

test.each([1, 16, 31])('a challenge of %i bytes is answered', (length) => {
  expect(challengeOf(answer(new Uint8Array(length)), 'here').challenge).toHaveLength(length);
});

test.each([0, 32, 48, 64])('one of %i bytes is none, and not to be quoted: it may bind another’s key', (length) => {
  expect(() => challengeOf(answer(new Uint8Array(length)), 'here')).toThrow(
    expect.objectContaining({
      code: 'AnswerInvalid',
      message: expect.stringContaining('without a challenge of 1 to 31 bytes'),
    }),
  );
});
