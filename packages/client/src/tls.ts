/**
 * A transport for services whose certificate comes from a private CA. The global `fetch` of Node trusts the public
 * roots and what NODE_EXTRA_CA_CERTS names at start; this one, over node:https, trusts exactly the roots it is given.
 */
import { request } from 'node:https';
import type { Fetch } from './http.ts';

/**
 * @param ca roots to trust, each in PEM; the public roots are then not trusted
 */
export const fetchTrusting =
  (ca: string | readonly string[]): Fetch =>
  (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        url,
        { method, headers, signal, ca: typeof ca === 'string' ? ca : [...ca] },
        (incoming) =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: { get: (name) => first(incoming.headers[name.toLowerCase()]) },
            body: incoming,
          }),
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });

const first = (value: string | readonly string[] | undefined): string | null =>
  typeof value === 'string' ? value : (value?.[0] ?? null);
