/** Trace ids (W3C Trace Context): the caller's trace, and a span of our own for each request. */
import { randomBytes } from 'node:crypto';

/** Any version but ff; later versions may append members. */
const pattern = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-|$)/;

/**
 * What `x-ms-request-id` says: `00-{trace}-{span}-00`.
 * @param traceparent the caller's header; anything malformed in it is as if it were absent
 */
export function requestId(traceparent: string | string[] | undefined): string {
  const [, trace, parent] =
    (typeof traceparent === 'string' && traceparent.length < 512 && pattern.exec(traceparent)) || [];
  const isUsable = trace !== undefined && parent !== undefined && /[^0]/.test(trace) && /[^0]/.test(parent);
  return `00-${isUsable ? trace : randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`;
}
