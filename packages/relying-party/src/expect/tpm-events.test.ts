import { expect, test } from 'vitest';
import { type TpmEventsExpectation, tpmEvents } from './tpm-events.ts';

const events = '{"Events":[{"PcrIndex":0,"EventType":8},{"PcrIndex":4,"EventType":12345678901234567890}]}';
/** Stands in for a library: a query is the names of members, with dots. */
const search = (document: unknown, query: string): unknown => {
  if (query === 'fails') throw new TypeError('no such function');
  return query.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], document);
};
const codes = (
  queries: TpmEventsExpectation['queries'],
  issued: unknown = { events },
  more: Partial<TpmEventsExpectation> = {},
) =>
  tpmEvents({ search, queries, ...more })
    .problems({ 'x-ms-policy': issued })
    .map(({ code, message, expected, found }) => [code, message, expected, found]);

test('what queries find is compared as a whole', () => {
  expect(codes({ 'Events.0': { EventType: 8, PcrIndex: 0 }, 'Events.9': null })).toEqual([]);
  expect(codes({ 'Events.1.EventType': 12345678901234567890n })).toEqual([]);
  expect(codes({ 'Events.0': { PcrIndex: 0 }, 'Events.0.PcrIndex': '0' })).toEqual([
    ['tpm.events', 'the events are others by the query Events.0', { PcrIndex: 0 }, { EventType: 8, PcrIndex: 0 }],
    ['tpm.events', 'the events are others by the query Events.0.PcrIndex', '0', 0],
  ]);
});

test('a query that fails accepts nothing', () => {
  expect(codes({ fails: null })).toEqual([['tpm.events', 'the query fails fails', null, 'no such function']]);
});

test('another claim may hold them', () => {
  expect(codes({ 'Events.0.PcrIndex': 0 }, { output: events }, { claim: 'output' })).toEqual([]);
});

test.each<[string, unknown]>([
  ['no claims of the policy', null],
  ['no such claim', {}],
  ['an object in its place', { events: { Events: [] } }],
  ['several values', { events: [events, events] }],
  ['no JSON', { events: '{' }],
  ['a member twice', { events: '{"Events":[],"Events":[]}' }],
  ['no list', { events: '{"Events":{}}' }],
])('a token with %s has no events', (_, issued) => {
  expect(codes({ 'Events.9': null }, issued).map(([code]) => code)).toEqual(['tpm.events']);
});

test('an expectation without queries would accept anything', () => {
  expect(() => tpmEvents({ search, queries: {} })).toThrow(TypeError);
});
