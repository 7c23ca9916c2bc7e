/** A real TPM in software: for tests, for the demo, and for users' own development. */
export {
  type BootToOrder,
  bootToOrder,
  isSwtpmInstalled,
  type ManufacturedTpm,
  manufactureTpm,
  type SoftwareTpm,
  startTpm,
  swtpmProgram,
} from './tpm/lab.ts';
