/** The logs of a machine, for commands: where they are, what is in them, and why not. */
import { type LogKind, logPaths, readLog, TpmError } from '@assay/client';
import { Malformed } from '@assay/core';
import { banksOf, parseIma, parseLog } from '@assay/core/tpm';
import { withAdvice } from './machine.ts';

export interface LogState {
  readonly kind: LogKind;
  readonly path: string;
  readonly readable: boolean;
  readonly bytes?: number;
  /** Events of firmware and loaders, or entries of IMA's list. */
  readonly entries?: number;
  readonly banks?: readonly string[];
  readonly problem?: string;
  readonly advice?: readonly string[];
}

/** What can be said of a log. @param path another place than the kernel's */
export async function logState(kind: LogKind, path: string = logPaths[kind]): Promise<LogState> {
  try {
    const content = await readLog(kind, path);
    const found = kind === 'TCG' ? parseLog(content) : undefined;
    const entries = found ? found.events.length : parseIma(content).length;
    return { kind, path, readable: true, bytes: content.length, entries, ...(found && { banks: banksOf(found) }) };
  } catch (error) {
    if (error instanceof TpmError) {
      const { message, hints } = withAdvice(error);
      return { kind, path, readable: false, problem: message, ...(hints.length > 0 && { advice: hints }) };
    }
    if (!(error instanceof Malformed)) throw error;
    return { kind, path, readable: false, problem: `the log does not read: ${error.message}` };
  }
}
