/** The flags of `fix`, and what it says with --json. */
import { Flags } from '@oclif/core';
import type { SharedKey } from '../model/slot-evidence.ts';
import type { Repair } from '../plan/fix.ts';
import type { Plan } from '../plan/plan.ts';
import type { ConsentFlags } from './base-command.ts';
import type { DecidedConflict, OnConflict } from './conflict-desk.ts';
import { type MoveFlagValues, moveFlags } from './move-flags.ts';

const { parallel, throttle, force } = moveFlags;

export const fixFlags = {
  'accept-data-loss': Flags.boolean({
    description: 'consent to what the plan says will be lost',
    helpGroup: 'SAFETY',
  }),
  'on-conflict': Flags.option({ options: ['ask', 'source', 'target', 'skip'] as const, default: 'ask' as const })({
    description:
      'where both nodes have a key with different values: whose stays, seen from where the keys come and where they go',
    helpGroup: 'SAFETY',
  }),
  'cover-to': Flags.string({
    description: 'give every slot that has no owner to this primary',
    helpValue: 'ID',
  }),
  'on-migration': Flags.option({ options: ['wait', 'leave', 'cancel'] as const, default: 'wait' as const })({
    description: 'what to do about slots that servers are moving by themselves',
  }),
  'search-multiple-owners': Flags.boolean({
    description: 'say in the closing check whether any slot has several owners (they are looked for in any case)',
    aliases: ['cluster-search-multiple-owners'],
  }),
  'with-unreachable-primaries': Flags.boolean({
    description: 'take slots away from primaries that do not answer',
    aliases: ['cluster-fix-with-unreachable-masters', 'cluster-fix-with-unreachable-primaries'],
    helpGroup: 'SAFETY',
  }),
  replace: Flags.boolean({ hidden: true, aliases: ['cluster-replace'] }),
  parallel,
  'max-pause': moveFlags['max-pause'],
  throttle,
  'max-latency': moveFlags['max-latency'],
  force,
  'wait-timeout': moveFlags['wait-timeout'],
  'cluster-timeout': moveFlags['cluster-timeout'],
  'cluster-pipeline': moveFlags['cluster-pipeline'],
};

/** What says how a fix is carried out; what is fixed, and to which end, was said when it was planned. */
export interface FixFlagValues extends ConsentFlags, Omit<MoveFlagValues, 'keep-primary'> {
  readonly 'accept-data-loss': boolean;
  readonly 'on-conflict': OnConflict;
  readonly 'search-multiple-owners': boolean;
  readonly 'wait-timeout': string;
}

/** What --json shows of a fix. */
export interface FixDocument {
  readonly version: 1;
  /** `left`: some keys have two values, and their slots are as they were. */
  readonly outcome: 'planned' | 'done' | 'left' | 'nothing-to-do';
  readonly run: string | null;
  readonly plan: Plan;
  readonly repairs: readonly Repair[];
  /** Keys that more than one node had when the plan was made. */
  readonly shared: readonly SharedKey[];
  readonly conflicts: readonly DecidedConflict[];
  /** The file of the values that lost; null where none did. */
  readonly aside: string | null;
  readonly durationMs: number | null;
}
