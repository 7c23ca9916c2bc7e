/**
 * How a command ends: one code for each of those who may have to act. 0 passed, 1 the evidence, token or policy was
 * refused, 2 the command line was wrong, 3 something that is needed is not to be had (try again, fetch collateral),
 * 70 a defect of ours.
 */
import { AttestError, type ErrorCode, errorTable, Malformed } from '@assay/core/errors';

export const exitCodes = { passed: 0, refused: 1, usage: 2, unavailable: 3, defect: 70 } as const;
export type Ending = keyof typeof exitCodes;

/** What ends a command with a message and, where there is one, advice. */
export class CommandError extends Error {
  readonly ending: Exclude<Ending, 'passed'>;
  readonly hints: readonly string[];
  constructor(ending: Exclude<Ending, 'passed'>, message: string, hints: readonly string[] = [], cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'CommandError';
    this.ending = ending;
    this.hints = hints;
  }
}

/** Codes whose cause stands on the command line or in a file that it names, whoever acts on them at a service. */
const ofTheCommandLine: ReadonlySet<ErrorCode> = new Set(['ConfigurationInvalid', 'PolicyMalformed']);

/** Collateral that is at hand and not good: the verdict on what was handed in is no. Only what is missing can be fetched. */
const ofWhatWasJudged: ReadonlySet<ErrorCode> = new Set(['CollateralExpired', 'CollateralInvalid']);

export function endingOf(error: unknown): Exclude<Ending, 'passed'> {
  if (error instanceof CommandError) return error.ending;
  if (error instanceof Malformed) return 'refused';
  if (!(error instanceof AttestError)) return 'defect';
  if (ofTheCommandLine.has(error.code)) return 'usage';
  if (ofWhatWasJudged.has(error.code)) return 'refused';
  switch (errorTable[error.code].actor) {
    case 'caller':
    case 'evidence':
      return 'refused';
    case 'operator':
      return 'unavailable';
    case 'us':
      return 'defect';
  }
}

/** One word on an error for scripts: its own code, or that of what caused it, or else its name. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Defect';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (!(error instanceof CommandError)) return error.name;
  if (error.cause !== undefined) return codeOf(error.cause);
  return error.ending === 'unavailable' ? 'Unavailable' : 'Malformed';
}

/** A refused check carries its remedy at the end of its sentence: here it is a line of its own. */
export function wordsOf(error: unknown): { readonly message: string; readonly hints: readonly string[] } {
  if (error instanceof CommandError) return { message: error.message, hints: error.hints };
  if (!(error instanceof Error)) return { message: String(error), hints: [] };
  const { check } = error as { readonly check?: { readonly remedy?: unknown } };
  return withRemedy(error.message, typeof check?.remedy === 'string' ? check.remedy : undefined);
}

/** @param remedy what the message ends with, or may end with */
export function withRemedy(
  message: string,
  remedy: string | undefined,
): { readonly message: string; readonly hints: readonly string[] } {
  if (remedy === undefined) return { message, hints: [] };
  const ending = `. ${remedy}`;
  return { message: message.endsWith(ending) ? message.slice(0, -ending.length) : message, hints: [remedy] };
}
