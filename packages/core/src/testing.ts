/** Genuine-looking evidence under development roots: for tests, for the demo, and for users' own development. */
export { type ForgedIntel, forgeIntel, type Holder, type Wanted, type World } from './evidence/intel/forge.ts';
