/**
 * What a plan was made for, as plain JSON: it is saved beside the plan. Plans of members and of slots that are made whole
 * depend on more than a basis can say (keys, functions, links, what nodes believe of each other), so they are made again,
 * in the same way from what is there by then, and applied only where that gives the same plan.
 */
import type { AddRequest } from './add-nodes.ts';
import type { FixOptions } from './fix.ts';
import type { RemoveRequest } from './remove-nodes.ts';

export type PlanRequest =
  | { readonly kind: 'create' | 'move' | 'import' | 'restore' }
  | InterruptedRequest
  | MemberRequest
  | FixRequest;

/** A run of the machine that planned, to go on with or to take back; null: what the cluster itself shows. */
export interface InterruptedRequest {
  readonly kind: 'resume' | 'undo';
  readonly run: string | null;
}

export type MemberRequest = AdditionRequest | RemovalRequest;

/** As `AddRequest`, without what has to be looked at again. */
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
  /** What one node believes of a node that does not answer, another may not: the SAME node is to be asked again. */
  readonly seed: string;
  readonly options: Omit<FixOptions, 'busy'>;
  /** Differs where other keys are on more than one node: steps do not name them. */
  readonly sharedKeys: string;
}

/** Pairs of a host and its zone. */
export type ZoneList = readonly (readonly [host: string, zone: string])[];
