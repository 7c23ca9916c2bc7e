/** `GET /assay/v1/appraisals/{id}`: why a request ended as it did. Whoever has the id may ask. */
import { AttestError } from '@assay/core';
import type { Deps } from '../deps.ts';
import { requireBearer } from './preview.ts';
import { type Route, unkept } from './route.ts';

export const appraisalRoutes = (deps: Deps): readonly Route[] => [
  {
    method: 'GET',
    url: '/assay/v1/appraisals/:id',
    summary: 'The recorded checks of one attestation',
    answers: { 200: 'The appraisal, a tree of checks', 404: 'There is none of this id, or it was too long ago' },
    async handle(request) {
      // A provider that does not tell which check failed does not tell by another way.
      if (!deps.config.provider.exposeChecks) requireBearer(deps, request);
      const { id } = request.params as { readonly id: string };
      const found = /^[0-9a-f]{32}$/.test(id) ? await find(deps, id) : undefined;
      if (found === undefined)
        throw new AttestError('NotFound', 'No appraisal of this id is kept: only the latest ones are.');
      return { body: found, headers: unkept };
    },
  },
];

/** Here, or in another process of the service. */
async function find({ appraisals, peers }: Deps, appraisal: string): Promise<string | undefined> {
  const found = appraisals.find(appraisal) ?? (await peers.ask({ appraisal }))[0];
  return typeof found === 'string' ? found : undefined;
}
