/** Something that a person should know about a cluster or about a request, as a value. */
import type { NodeId } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';

/** `error`: unhealthy, exit code 1. `warning`: exit code 1 only with --strict. `note`: for information. */
export type Severity = 'error' | 'warning' | 'note';

export interface Finding {
  /** The rule or refusal that speaks: a stable name for scripts, such as `coverage`. */
  readonly rule: string;
  readonly severity: Severity;
  /** One sentence that names the node and the slots. */
  readonly message: string;
  /** The nodes it is about, in the topology's order. */
  readonly nodeIds: readonly NodeId[];
  /** The slots it is about; absent where it is not about slots. */
  readonly slots?: SlotSet;
  /** What to type or look at next. */
  readonly suggestion?: string;
}
