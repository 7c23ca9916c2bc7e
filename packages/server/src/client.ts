/** Who asks: the connection's other end or, behind a proxy that is trusted, whom the proxy names. */
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** An address whatever happens: a proxy that hands on what its clients made up does not get that into logs and limits. */
export const clientOf = ({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string =>
  isIP(ip) === 0 ? (socket.remoteAddress ?? 'unknown') : ip;

/** Whether the text is an address, or several as in `10.0.0.0/8`. */
export function isAddressRange(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  if (bits === undefined) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (family === 4 ? 32 : 128);
}
