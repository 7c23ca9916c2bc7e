/** The settings that no production service has on: their names, for logs, readiness and tokens. */
import { AttestError, type Bytes } from '@assay/core';
import { readRoots } from './anchors.ts';
import type { Config } from './config.ts';

export interface Insecure {
  /** As tokens and `/readyz` name them; empty in production. */
  readonly names: readonly string[];
  /** Development roots. */
  readonly anchors: readonly Bytes[];
  /** The time that evidence is judged as of; absent: now. */
  readonly appraisalTime?: Date;
}

export function insecureSettings({ anchors, appraisalTime, plainHttp }: Config['insecure']): Insecure {
  const time = appraisalTime === undefined ? undefined : new Date(appraisalTime);
  if (time && Number.isNaN(time.getTime()))
    throw new AttestError('ConfigurationInvalid', `insecure.appraisalTime is ${appraisalTime}, which is no time`);
  return {
    names: [
      ...(anchors.length > 0 ? ['development-anchors'] : []),
      ...(time ? ['pinned-appraisal-time'] : []),
      ...(plainHttp ? ['plain-http'] : []),
    ],
    anchors: anchors.flatMap(readRoots),
    ...(time && { appraisalTime: time }),
  };
}
