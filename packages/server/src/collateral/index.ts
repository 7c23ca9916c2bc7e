/** Collateral without a server: what the command line needs. */
export { type FolderOptions, folderSource } from './folder.ts';
export { type Imported, importFiles } from './import.ts';
export { type Shown, showFolder } from './show.ts';
export type { CollateralSource } from './source.ts';
