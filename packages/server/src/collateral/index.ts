/** Collateral without a server: what the command line needs. */
export { makeFolder } from '../make-folder.ts';
export { withAikIssuers } from './aik-issuers.ts';
export { configuredCollateral, fetchingFrom, remoteOptions, type SourceSettings } from './configured.ts';
export type { Protocol } from './dialect.ts';
export { reasons } from './failure.ts';
export type { Skipped } from './files.ts';
export { type FolderOptions, folderSource } from './folder.ts';
export { type Imported, importFiles } from './import.ts';
export { referenceLogsIn, setReferenceLog } from './reference-logs.ts';
export { type Remote, remote } from './remote.ts';
export { type Shown, showFolder } from './show.ts';
export type { CollateralSource, FetchEvent } from './source.ts';
