/** Settings that follow from others where nobody sets them. */
import { join } from 'node:path';
import type { Config } from './config.ts';

/** The issuer: as configured, or this machine under its port. */
export const publicUrlOf = ({ provider, listen, insecure }: Config): string =>
  provider.publicUrl ?? `${insecure.plainHttp ? 'http' : 'https'}://localhost:${listen.port}`;

/** The folder that people fill. */
export const collateralFolderOf = ({ collateral, data }: Config): string =>
  collateral.folder ?? join(data.folder, 'collateral');

/** The folder of reference logs of boots. */
export const referenceFolderOf = ({ tpm, data }: Config): string =>
  tpm.referenceLogs ?? join(data.folder, 'reference-logs');
