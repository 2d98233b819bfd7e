/** The flags of `fix`. */
import { Flags } from '@oclif/core';
import { moveFlags } from './move-flags.ts';

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
