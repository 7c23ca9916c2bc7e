/** What a row of the route table is. Handlers give plain answers; app.ts alone knows how they travel. */
import type { FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';

export interface Answer {
  /** 200 unless told. */
  readonly status?: number;
  /** JSON unless told. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly summary: string;
  /** The `api-version`s that the route answers; absent: it is not asked. */
  readonly versions?: readonly string[];
  /** Refuses by throwing, before any of the body is read. */
  readonly before?: (request: FastifyRequest) => void;
  /** Whether the route works hard: it is refused when there is too much to do. */
  readonly isHeavy?: boolean;
  /** Whether web pages of configured origins may call it. */
  readonly isShared?: boolean;
  /** Longest body in bytes, where it is not the usual one. */
  readonly bodyBytes?: number;
  /** For the OpenAPI document. */
  readonly body?: TSchema;
  readonly answers: { readonly [status: number]: string };
  /** @param request its body, where there is one, is bytes */
  readonly handle: (request: FastifyRequest) => Answer | Promise<Answer>;
}

/** For what nobody on the way may keep. */
export const unkept = { 'cache-control': 'no-store' } as const;
