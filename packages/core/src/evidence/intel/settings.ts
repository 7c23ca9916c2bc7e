/** The demands that a provider can make on quotes. */
import type { XStatic } from 'typebox/schema';
import type { Settings } from '../../contract.ts';
import { acceptableStatuses } from './status.ts';

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['acceptedTcbStatuses', 'minimumTcbEvaluation', 'tcbIdentifier', 'collateral', 'maximumCollateralAgeDays'],
  properties: {
    acceptedTcbStatuses: {
      type: 'array',
      items: { enum: acceptableStatuses },
      minItems: 1,
      description: 'TCB statuses that are accepted. Revoked never is.',
    },
    minimumTcbEvaluation: {
      type: 'integer',
      minimum: 0,
      maximum: 65_535,
      description:
        'Lowest TCB evaluation number of collateral that is used; 0 takes the newest at hand, whatever it is.',
    },
    tcbIdentifier: {
      type: 'string',
      pattern: '^(azuredefault|[0-9]{1,5})$',
      description:
        '«azuredefault» for minimumTcbEvaluation, or a number of its own. Policies set it by x-ms-sgx-tcbidentifier.',
    },
    collateral: {
      enum: ['intel', 'azure-baseline'],
      description:
        'intel: every date counts. azure-baseline: TCB info and QE identity may be past nextUpdate, as Azure’s frozen baselines are; certificates and CRLs may not.',
    },
    maximumCollateralAgeDays: {
      type: 'integer',
      minimum: 0,
      maximum: 36_500,
      description: 'How long ago TCB info and QE identity may have been issued, in days; 0 sets no limit of ours.',
    },
  },
} as const;

export type QuoteSettings = XStatic<typeof schema>;

export const quoteSettings: Settings<QuoteSettings> = {
  schema,
  defaults: {
    acceptedTcbStatuses: ['UpToDate', 'SWHardeningNeeded'],
    minimumTcbEvaluation: 0,
    tcbIdentifier: 'azuredefault',
    collateral: 'intel',
    maximumCollateralAgeDays: 0,
  },
};

/** The lowest evaluation number that will do: the policy's identifier, or the provider's own minimum. */
export const minimumEvaluation = (settings: QuoteSettings): number =>
  settings.tcbIdentifier === 'azuredefault' ? settings.minimumTcbEvaluation : Number(settings.tcbIdentifier);
