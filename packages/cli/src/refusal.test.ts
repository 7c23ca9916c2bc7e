import { expect, test } from 'vitest';
import { ownWords, remedyOf } from './refusal.ts';

const native = (sentence: string, own = '') =>
  `Native operation failed with 65534: Exception(0) 83FFFFFE Title    Msg:[${sentence}] \n\r\n${own}`;

test.each([
  [
    native('RETURN_IF_ERROR [x]', 'Check a.b failed: «It holds» does not hold'),
    'Check a.b failed: «It holds» does not hold',
  ],
  [native('RETURN_IF_ERROR', 'The evidence was refused.'), 'The evidence was refused.'],
  [native('RETURN_IF_ERROR'), 'RETURN_IF_ERROR'],
  [native('Policy Engine Exception: no', 'Unhandled Enclave Exception: "x"\r\n'), 'Policy Engine Exception: no'],
  ['quote is missing', 'quote is missing'],
])('%j is said as %j', (message, said) => {
  expect(ownWords(message)).toBe(said);
});

test('a remedy is the declared one of the check', () => {
  expect(remedyOf('intel.pck.dated')).toBe('Provision the platform with a current PCK certificate');
  expect([remedyOf('intel.pck.path'), remedyOf('constructor'), remedyOf(undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
