/** Data that a client shows to have been bound by its evidence: runtimeData and initTimeData of the wire. */
import type { Bytes } from '../bytes/index.ts';
import type { JsonObject } from '../claim.ts';
import type { Bound } from '../contract.ts';
import { Malformed } from '../errors.ts';
import { isObject, parseJson } from '../json/index.ts';

/** The bytes that the hash covers, and the object they spell when the client says that they are JSON. */
export interface BoundData {
  readonly bytes: Bytes;
  readonly json?: JsonObject;
}

/** How deep bound JSON may nest: it stands in tokens, and those who read them bound their nesting, too. */
const deepestBound = 32;

/**
 * Trailing NUL bytes belong to the hash but not to the JSON text: enclaves bind C strings.
 * @param path names the data in errors
 * @throws {Malformed} when it should be a JSON object and is not
 */
export function readBound(bound: Bound, path: string): BoundData {
  if (bound.kind === 'Binary') return { bytes: bound.bytes };
  let end = bound.bytes.length;
  while (end > 0 && bound.bytes[end - 1] === 0) end--;
  const json = parseJson(bound.bytes.subarray(0, end), { path, maxDepth: deepestBound });
  if (!isObject(json)) throw new Malformed(path, 0, 'is not a JSON object');
  return { bytes: bound.bytes, json };
}
