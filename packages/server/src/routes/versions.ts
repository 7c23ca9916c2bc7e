/** The api-versions of the wire's data plane, and the query parameter that names one. */
import { AttestError } from '@assay/core';
import type { FastifyRequest } from 'fastify';

/** Its attest routes have other bodies, and demand a bearer token. */
export const preview2018 = '2018-09-01-preview';

/** No route is closed to a later version than the one it came with: clients call them with old ones. */
export const versions: readonly string[] = [
  '2020-10-01',
  '2022-08-01',
  '2022-09-01-preview',
  '2023-04-01-preview',
  '2025-06-01',
  '2026-03-11-preview',
];

/**
 * The request's `api-version`, which must be one of those given.
 * @throws {AttestError} ApiVersionUnspecified, ApiVersionUnsupported
 */
export function versionOf({ query }: Pick<FastifyRequest, 'query'>, known: readonly string[]): string {
  const given = Object.entries(query as Record<string, unknown>).flatMap(([name, value]) =>
    name.toLowerCase() === 'api-version' ? [value].flat() : [],
  );
  const [version, ...others] = given;
  const supported = `Supported: ${known.join(', ')}.`;
  if (version === undefined || version === '')
    throw new AttestError(
      'ApiVersionUnspecified',
      `An api-version is required: add the query parameter «api-version». ${supported}`,
    );
  const found = known.find((one) => typeof version === 'string' && one === version.toLowerCase());
  if (found === undefined || others.length > 0)
    throw new AttestError('ApiVersionUnsupported', `The api-version of the request is not supported. ${supported}`);
  return found;
}
