/** JSON without loss: strict parsing with raw slices, typed reading of members, and compact text. */
export { date, elements, hexBytes, integer, member, type Slot, text, word } from './fields.ts';
export { type FormatOptions, formatJson } from './format.ts';
export { type Members, memberSlices, type ParseOptions, parseJson, parseJsonText, parseMembers } from './parse.ts';
export { isObject, type Json, type JsonObject } from './value.ts';
