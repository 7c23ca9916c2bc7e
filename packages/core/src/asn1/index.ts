/** ASN.1 in DER. Readers and writers have the same names: import the writers as a whole, `import { write } from …`. */
export { Fields, Node, readDer, within } from './read.ts';
export { constructedContext, context, tag, tagName } from './tag.ts';
export {
  bitString,
  boolean,
  integer,
  integerBytes,
  namedBits,
  nothing,
  octetString,
  oid,
  smallInteger,
  text,
  time,
  wholeBytes,
} from './values.ts';
export * as write from './write.ts';
