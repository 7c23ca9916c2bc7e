/** The parts of node:http's request and response that guards use. */
import type { Denial } from './judge.ts';

export interface NodeRequest {
  readonly headers: { readonly authorization?: string | undefined };
}
export interface NodeResponse {
  statusCode: number;
  readonly setHeader: (name: string, value: string) => unknown;
  readonly end: (body?: string) => unknown;
}

export function answer(response: NodeResponse, { status, headers, body }: Denial): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}
