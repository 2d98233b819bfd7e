/** What has become of a backup that was restored, and what it lacks. */
import type { ImportReport } from '../import/import.ts';
import type { SampleReport } from './proof.ts';

/** What has become of one file. */
export interface RestoredFile {
  readonly file: string;
  /** Keys that the server on this machine read of it; of those some had expired by then and were left out. */
  readonly loaded: number;
  readonly expired: number;
  readonly report: ImportReport;
  /** Keys that were read and are neither in the cluster nor named in the report. */
  readonly missing: number;
  /** Keys that the server on this machine still had at the end, and how many of them may expire. */
  readonly left: number;
  readonly expiring: number;
  /** Keys that the cluster has in the slots of this file; null where it could not be counted. */
  readonly inCluster: number | null;
  readonly sample: SampleReport;
}

export interface RestoreReport {
  readonly files: readonly RestoredFile[];
  /** The libraries that every primary has now. */
  readonly functions: readonly string[];
}

/**
 * What keeps a restoration from being whole, a sentence each; none where every key is in the cluster as it is in the
 * backup. Clients that write meanwhile may be the reason.
 */
export function shortcomingsOf({ files }: Pick<RestoreReport, 'files'>): readonly string[] {
  return files.flatMap(({ file, report, missing, sample, inCluster, loaded, left, expiring }) => {
    const named = ({ examples }: { readonly examples: readonly string[] }): string => examples.join(', ');
    const { conflicts, unreadable } = report;
    const sampled = sample.different.count > 0 && conflicts.count === 0 && unreadable.count === 0;
    return [
      ...(conflicts.count === 0
        ? []
        : [
            `${file}: ${conflicts.count} keys are in the cluster with another value, and were left so: ${named(conflicts)}`,
          ]),
      ...(unreadable.count === 0
        ? []
        : [`${file}: ${unreadable.count} keys cannot be read by the cluster: ${named(unreadable)}`]),
      ...(missing === 0 ? [] : [`${file}: ${missing} of ${loaded} keys are not accounted for.`]),
      ...(sampled
        ? [
            `${file}: ${sample.different.count} of ${sample.compared} sampled keys are not in the cluster as they are in the file: ${named(sample.different)}`,
          ]
        : []),
      // Keys may expire between the two counts, and be counted until the server notices.
      ...(inCluster !== null && inCluster < left - expiring
        ? [`${file}: the cluster counts ${inCluster} keys in the slots of this file, which has ${left}.`]
        : []),
    ];
  });
}
