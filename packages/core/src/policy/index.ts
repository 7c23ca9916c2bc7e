/** The policy language of Azure Attestation, versions 1.0, 1.1 and 1.2: checked, compiled, evaluated, explained. */
export type { PolicyClaim } from './claims.ts';
export { azureGuestDefaultPolicy, defaultPolicies, permitAllPolicy, sgxDefaultPolicy } from './defaults.ts';
export { evaluate, type Ruling } from './evaluate.ts';
export { type FindingCode, type PolicyFinding, wireMessage } from './finding.ts';
export { format } from './format.ts';
export { longestPolicy } from './limits.ts';
export { type Parsed, parse } from './parse.ts';
export { type CompileOptions, compile, type Program } from './program.ts';
export type { Position, Range } from './source.ts';
export type * from './syntax.ts';
export { type Token, type TokenKind, tokenize } from './tokens.ts';
export { check } from './upload.ts';
export type { Kind } from './values.ts';
export type { KnownType } from './warnings.ts';
