/**
 * What was asked for when a plan was made, as plain JSON that is saved with the plan. Plans that change members or fix slots
 * depend on more than their basis says: keys, functions, links, what nodes believe of each other. So before such a plan is
 * applied the same request is planned again, and the saved plan is applied only where it comes out the same.
 */
import type { AddRequest } from './add-nodes.ts';
import type { FixOptions } from './fix.ts';
import type { RemoveRequest } from './remove-nodes.ts';

export type PlanRequest =
  | { readonly kind: 'create' | 'move' | 'import' | 'restore' }
  | InterruptedRequest
  | MemberRequest
  | FixRequest;

/** `run` is in the journal of the machine that planned; null means whatever the cluster itself shows to be half done. */
export interface InterruptedRequest {
  readonly kind: 'resume' | 'undo';
  readonly run: string | null;
}

export type MemberRequest = AdditionRequest | RemovalRequest;

/** As `AddRequest`, without what has to be looked up again. */
export interface AdditionRequest extends Pick<AddRequest, 'role' | 'rebalance'> {
  readonly kind: 'add';
  /** `host:port` of the member that was asked. */
  readonly seed: string;
  /** `host:port` of the new nodes, in the operator's order. */
  readonly nodes: readonly string[];
  readonly zones: ZoneList;
}

export interface RemovalRequest extends Omit<RemoveRequest, 'zones'> {
  readonly kind: 'remove';
  readonly seed: string;
  readonly zones: ZoneList;
}

export interface FixRequest {
  readonly kind: 'fix';
  /** `host:port` of the asked node. The SAME one is asked again: nodes may believe different things of one that is silent. */
  readonly seed: string;
  readonly options: Omit<FixOptions, 'busy'>;
  /** Stands for the keys that are on more than one node, which the steps do not name: other keys give another text. */
  readonly sharedKeys: string;
}

/** Pairs of a host and its zone. */
export type ZoneList = readonly (readonly [host: string, zone: string])[];
