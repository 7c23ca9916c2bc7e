/** The OpenAPI document, made from the route table. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { Type } from 'typebox';
import type { Deps } from './deps.ts';
import type { Route } from './routes/route.ts';

export const openapiOptions = ({ issuer, version }: Deps): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Assay',
      version,
      description: 'Remote attestation over the wire protocol of Microsoft Azure Attestation.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: issuer }],
  },
});

/** The wire's errors. */
const wireError = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    innererror: Type.Object({ code: Type.String(), message: Type.String() }),
    'x-assay-appraisal': Type.Optional(
      Type.String({ description: 'Id of the appraisal: GET /assay/v1/appraisals/{id}' }),
    ),
    'x-assay-check': Type.Optional(Type.String({ description: 'The check that failed' })),
  }),
});

export function schemaOf({ summary, versions, body, answers }: Route): FastifySchema & { summary: string } {
  return {
    summary,
    ...(versions && { querystring: Type.Object({ 'api-version': Type.Enum([...versions]) }) }),
    ...(body && { body }),
    response: Object.fromEntries(
      Object.entries(answers).map(([status, description]) => {
        const isError = Number(status) >= 400;
        return [
          status,
          isError ? { ...wireError, description } : { description, ...(Number(status) === 204 && { type: 'null' }) },
        ];
      }),
    ),
  };
}
