/** What the executor says while it works. The terminal turns it into a bar, lines or NDJSON. */
import type { StepKind } from '../plan/plan.ts';

export type ApplyEvent =
  /** `steps` neighbouring steps of one kind are begun. */
  | { readonly event: 'stage-begin'; readonly kind: StepKind; readonly steps: number }
  | { readonly event: 'step-end'; readonly kind: StepKind; readonly done: number; readonly steps: number }
  | { readonly event: 'stage-end'; readonly kind: StepKind; readonly steps: number }
  /** Waiting for `what`; `missing` names who is not there yet, a phrase each. */
  | { readonly event: 'wait'; readonly what: string; readonly missing: readonly string[] }
  | { readonly event: 'wait-end'; readonly what: string }
  /** Something went wrong and what was begun is being undone. */
  | { readonly event: 'undo-begin'; readonly because: string };

export type Emit = (event: ApplyEvent) => void;
