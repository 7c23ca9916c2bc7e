/** The TCB baselines that Azure Attestation publishes for SGX: Intel's evaluation numbers with the software they need. */
import type { TcbBaseline } from '../../contract.ts';

const published = [
  ['azuredefault', 10, '2020-11-11', '2.9', '2.7.101.2'],
  ['10', 10, '2020-11-11', '2.9', '2.7.101.2'],
  ['11', 11, '2021-06-09', '2.13.3', '2.13.100.2'],
  ['12', 12, '2021-11-10', '2.13.3', '2.13.100.2'],
  ['13', 13, '2022-08-09', '2.17', '2.16'],
  ['14', 14, '2022-11-08', '2.17', '2.16'],
  ['15', 15, '2023-02-14', '2.17', '2.16'],
] as const;

/** @param selected the identifier in force */
export const tcbBaselines = (selected: string): readonly TcbBaseline[] =>
  published.map(([tcbIdentifier, number, date, linux, windows]) => ({
    tcbIdentifier,
    tcbEvaluationDataNumber: number,
    tcbReleaseDate: `${date}T00:00:00Z`,
    minimumPswLinuxVersion: linux,
    minimumPswWindowsVersion: windows,
    isSelectedTcb: tcbIdentifier === selected,
  }));
