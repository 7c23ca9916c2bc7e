/** Every recorded refusal of an attest route: the same status, code and sentence. */
import { types } from '@assay/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';
import { newest, sentences } from './builds.ts';
import { ask, lenient, type Standing, standing } from './provider.ts';
import { recordingsOf } from './recordings.ts';

/** What stands in brackets; builds that print their call stack repeat it at every level. */
const sentenceOf = (message: string): string | undefined => /Msg:\[(.*?)\] \n/.exec(message)?.[1];

withVectors('recorded refusals', '.', (vectors) => {
  let here: Standing;
  beforeAll(async () => {
    here = await standing(vectors, '00906ed50000');
  });
  afterAll(() => here.remove());

  const refused = recordingsOf(vectors).filter(({ status }) => status !== 200);

  test('ten of quotes; every sentence that is said otherwise now is listed, and none in vain', () => {
    expect(refused.map(({ status }) => status)).toEqual(new Array(10).fill(400));
    const said = refused.filter(({ build, answer }) => answer.error.message.includes(sentences[build]?.[0] ?? '\0'));
    expect(new Set(said.map(({ build }) => build))).toEqual(new Set(Object.keys(sentences)));
  });

  test.each(refused.map((one) => [`${one.name} (${one.build})`, one] as const))('%s', async (_, one) => {
    const { status, body } = await ask(here.configure(lenient), one);
    const { error } = one.answer;
    const [theirs, ours] = sentences[one.build] ?? ['', ''];
    expect([status, body.error.code]).toEqual([one.status, error.code]);
    expect(sentenceOf(body.error.message)).toBe(sentenceOf(error.message)?.replace(theirs, ours));
    expect(body.error.innererror).toEqual({ code: body.error.code, message: body.error.message });
    // The newest build prints no call stack: with it the message is the same as a whole.
    if (one.build === newest) expect(body.error.message).toBe(error.message);
  });

  // biome-ignore lint/suspicious/noExplicitAny: outside data
  const ofTpm: readonly any[] = vectors.json('sdk-recordings/exchanges/attest-tpm.json');
  test('a type without a policy fails before anything else of the request is looked at', async () => {
    const [recorded, ...more] = ofTpm.filter(({ response }) => response.status !== 200);
    expect(more).toEqual([]);
    const standIn = types.slice(0, 1).map((type) => ({ ...type, name: 'Tpm' }));
    const config = here.configure(undefined, { 'provider-baselines': '{}' });
    const { status, body } = await ask(config, { type: 'Tpm', body: recorded.request.body }, { types: standIn });
    const { code, message } = recorded.response.body.error;
    expect([status, body.error.code, body.error.message]).toEqual([recorded.response.status, code, message]);
  });
});
