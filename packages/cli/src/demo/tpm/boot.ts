/** The boot that the demo's machine makes, and two lies about it. */
import { utf8 } from '@assay/core';
import { sha256 } from '@assay/core/crypto';
import { type ForgedEvent, forgeLog, linuxBoot } from '@assay/core/testing';
import { eventType } from '@assay/core/tpm';

/** Those that swtpm is manufactured with. */
export const banks = ['sha1', 'sha256', 'sha384'] as const;

const bootLoader = utf8('the boot loader of the demo');
export const boot: readonly ForgedEvent[] = linuxBoot({ bootLoader });
/** What stands for the loader's Authenticode digest. */
export const loaderDigest = sha256(bootLoader);

/** The same log, but that it tells of another boot loader. */
export const rewrittenLog = forgeLog(linuxBoot({ bootLoader: utf8('another boot loader') }), banks).log;

/** Measured like all that a boot loader reads, and left out of the log. */
export const unlogged: ForgedEvent = { pcr: 9, type: eventType.ipl, data: utf8('an initrd that nobody tells of') };
