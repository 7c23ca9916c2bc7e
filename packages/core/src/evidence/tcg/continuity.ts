/**
 * Whether a quote that was kept before hibernation is of the same cold boot as the current one. Each resume is a reset of
 * the TPM, and Windows counts both kinds; a TPM hides its counts from some keys, but not the differences between them.
 */
import type { PlatformFacts } from './facts.ts';

/** TRANSFER_CONTROL of a boot manager that resumes. */
const resume = 2n;

/** What speaks against it; undefined where nothing does. What the logs do not say speaks against it as well. */
export function discontinuity(kept: PlatformFacts, current: PlatformFacts): string | undefined {
  const [before, now] = [kept.quote, current.quote];
  if (before.clockInfo.clock > now.clockInfo.clock) return 'it is the later one by the TPM’s clock';
  if (before.firmwareVersion !== now.firmwareVersion) return 'the firmware of the TPM is another';
  const [from, to] = [kept.provenWindows, current.provenWindows];
  if (from.counterId === undefined || to.counterId === undefined || from.counterId !== to.counterId)
    return 'the logs do not name one counter';
  if (from.bootCounter === undefined || to.bootCounter === undefined) return 'the logs do not count boots';
  const resets = BigInt.asUintN(32, BigInt(now.clockInfo.resetCount) - BigInt(before.clockInfo.resetCount));
  if (resets !== to.bootCounter - from.bootCounter)
    return `there were ${resets} resets of the TPM between them, and ${to.bootCounter - from.bootCounter} boots by the logs`;
  if (!to.transfers.includes(resume)) return 'the current log does not say that it resumed';
  return undefined;
}
