/**
 * What the service writes down about requests: routes by their pattern, never a URL, header, body or token as it came.
 * So nobody outside can write into the log, and nothing confidential gets there.
 */
import type { FastifyBaseLogger, FastifyServerOptions } from 'fastify';
import type { FetchEvent } from '../collateral/source.ts';

/** Where lines go; standard output unless told. */
export interface LogTarget {
  readonly write: (line: string) => void;
}

/** Fastify's own records of requests are off; what is logged of a request is chosen in app.ts. */
export const loggerOptions = (
  level: string,
  to: LogTarget | undefined,
): NonNullable<FastifyServerOptions['logger']> => ({
  level,
  base: null,
  timestamp: () => `,"time":"${new Date().toISOString()}"`,
  formatters: { level: (label: string) => ({ level: label }) },
  // What a plugin may log of its own accord: nothing that came from outside.
  serializers: { req: ({ method }) => ({ method }), res: ({ statusCode }) => ({ statusCode }), err: described },
  ...(to && { stream: to }),
});

/**
 * A failure without its message, which may quote what came from outside: its kind, and where in our code it was.
 * @param failure anything that was thrown
 */
function described(failure: unknown): {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
} {
  const { name, code, stack = '' } = (failure instanceof Error ? failure : {}) as Error & { readonly code?: unknown };
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return { type: name ?? typeof failure, message: typeof code === 'string' ? code : '', stack: frames.join('\n') };
}

/** How a question to a source of collateral ended: the source's own words are cut, and quote no evidence. */
export function logFetch(log: FastifyBaseLogger, { outcome, ...event }: FetchEvent): void {
  if (outcome === 'failed') log.warn(event, 'collateral refused');
  else log.info({ ...event, outcome }, 'collateral fetched');
}
