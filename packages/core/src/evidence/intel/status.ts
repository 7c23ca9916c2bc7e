/** Intel's words for how far a platform is patched and configured, and how several components' words become one. */

export const platformStatuses = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
] as const;
/** What a TCB level of a platform can be. */
export type PlatformStatus = (typeof platformStatuses)[number];

export const componentStatuses = ['UpToDate', 'OutOfDate', 'Revoked'] as const;
/** What a level of a quoting enclave or of a TDX module can be. */
export type ComponentStatus = (typeof componentStatuses)[number];

/** The verdict on a whole quote. */
export type TcbStatus = PlatformStatus | 'TDRelaunchAdvised' | 'TDRelaunchAdvisedConfigurationNeeded';

/** Every status that a provider may accept: all but `Revoked`. */
export const acceptableStatuses = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'TDRelaunchAdvised',
  'TDRelaunchAdvisedConfigurationNeeded',
] as const satisfies readonly TcbStatus[];

/**
 * The platform's status in the light of its components'. Not a maximum of severity: an out-of-date component keeps the
 * platform's need for configuration in the answer, and forgets its need for software hardening.
 */
export function converge(platform: PlatformStatus, components: readonly ComponentStatus[]): PlatformStatus {
  if (components.includes('Revoked')) return 'Revoked';
  if (!components.includes('OutOfDate')) return platform;
  switch (platform) {
    case 'UpToDate':
    case 'SWHardeningNeeded':
      return 'OutOfDate';
    case 'ConfigurationNeeded':
    case 'ConfigurationAndSWHardeningNeeded':
      return 'OutOfDateConfigurationNeeded';
    case 'OutOfDate':
    case 'OutOfDateConfigurationNeeded':
    case 'Revoked':
      return platform;
  }
}

/**
 * A TD keeps the TCB it was launched with while the module below it is updated. If only the launch was out of date,
 * relaunching the TD would cure it.
 * @param launch status by TEE_TCB_SVN
 * @param current status by TEE_TCB_SVN_2
 */
export function relaunch(launch: PlatformStatus, current: PlatformStatus): TcbStatus {
  // Stricter than Intel's library, which lets an out-of-date launch hide a revoked module that runs now.
  if (current === 'Revoked') return 'Revoked';
  const launchIsOld = launch === 'OutOfDate' || launch === 'OutOfDateConfigurationNeeded';
  const currentIsOld = current === 'OutOfDate' || current === 'OutOfDateConfigurationNeeded';
  if (!launchIsOld || currentIsOld) return launch;
  return [launch, current].some((status) => status.includes('Configuration'))
    ? 'TDRelaunchAdvisedConfigurationNeeded'
    : 'TDRelaunchAdvised';
}
