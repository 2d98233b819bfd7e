/** A health rule: a name, a question in words, and a pure answer. */
import type { Topology } from '../model/topology.ts';
import type { Finding } from './finding.ts';

export interface Rule {
  /** Stable, kebab-case; it is the `rule` of each of its findings. */
  readonly name: string;
  /** What it finds, for the documentation: one phrase that completes "Finds …". */
  readonly finds: string;
  readonly check: (topology: Topology) => readonly Finding[];
}
