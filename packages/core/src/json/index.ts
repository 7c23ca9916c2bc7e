/** JSON without loss: strict parsing with raw slices, typed reading of members, and compact text. */
export { date, elements, hexBytes, integer, isoTime, member, type Slot, text, word } from './fields.ts';
export { byBytes, type FormatOptions, formatJson } from './format.ts';
export {
  type Members,
  memberSlices,
  type ParseOptions,
  parseJson,
  parseJsonText,
  parseMembers,
  parseSlices,
  type Slices,
} from './parse.ts';
export { isObject, type Json, type JsonObject } from './value.ts';
