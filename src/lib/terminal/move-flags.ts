/** The flags of every command that moves slots, and what they mean for the executor. */
import { Flags } from '@oclif/core';
import type { PaceLimits } from '../apply/move/pace.ts';
import type { MoveSettings } from '../apply/move/settings.ts';
import { MOVE_DEFAULTS, PACE_DEFAULTS } from '../apply/move/settings.ts';
import { OpsError } from '../errors.ts';

export const moveFlags = {
  mover: Flags.option({ options: ['auto', 'key-wise', 'atomic'] as const, default: 'auto' as const })({
    description: 'how slots are moved: inside the servers where they can (Valkey 9, Redis 8.4), or key by key',
    helpGroup: 'MOVING',
  }),
  parallel: Flags.integer({
    description: 'pairs of source and target at one time',
    default: MOVE_DEFAULTS.parallel,
    min: 1,
    helpGroup: 'MOVING',
  }),
  'max-pause': Flags.string({
    description: 'how long one batch of keys may hold up a server',
    default: `${PACE_DEFAULTS.batchMsMax}`,
    helpValue: 'MS',
    helpGroup: 'MOVING',
  }),
  throttle: Flags.string({
    description: 'no faster than this, for example 5000keys/s or 20MB/s',
    helpValue: 'RATE',
    helpGroup: 'MOVING',
  }),
  'max-latency': Flags.string({
    description: 'slow down while a PING to the loaded nodes takes longer',
    helpValue: 'MS',
    helpGroup: 'MOVING',
  }),
  replace: Flags.boolean({
    description: 'where both nodes have a key with different values, let the one of the source win',
    aliases: ['cluster-replace'],
    helpGroup: 'SAFETY',
  }),
  'keep-primary': Flags.boolean({
    description: 'keep an emptied primary from becoming a replica',
    helpGroup: 'MOVING',
  }),
  force: Flags.boolean({ description: 'begin although another run seems to be at work', helpGroup: 'SAFETY' }),
  'wait-timeout': Flags.string({
    description: 'how long each wait may take',
    default: '60',
    helpGroup: 'SAFETY',
    helpValue: 'SECONDS',
  }),
  'cluster-timeout': Flags.string({ hidden: true }),
  'cluster-pipeline': Flags.string({ hidden: true }),
  'cluster-use-atomic-slot-migration': Flags.boolean({ hidden: true }),
};

export interface MoveFlagValues {
  readonly parallel: number;
  readonly 'max-pause': string;
  readonly throttle?: string | undefined;
  readonly 'max-latency'?: string | undefined;
  readonly replace: boolean;
  readonly 'keep-primary': boolean;
}

/** For commands whose plans move no slots. */
export const WITHOUT_MOVES: MoveFlagValues = {
  parallel: MOVE_DEFAULTS.parallel,
  'max-pause': `${PACE_DEFAULTS.batchMsMax}`,
  replace: false,
  'keep-primary': false,
};

/** Throws USAGE. `bytesPerKey` turns a rate of bytes into one of keys. */
export function readMoveSettings(
  flags: MoveFlagValues,
  bytesPerKey: number,
): MoveSettings & { limits: () => PaceLimits } {
  const limits: PaceLimits = {
    batchMsMax: parseMilliseconds(flags['max-pause'], '--max-pause'),
    keysPerSecondMax: flags.throttle === undefined ? null : parseRate(flags.throttle, bytesPerKey),
    latencyMsMax: flags['max-latency'] === undefined ? null : parseMilliseconds(flags['max-latency'], '--max-latency'),
  };
  return {
    ...MOVE_DEFAULTS,
    parallel: flags.parallel,
    limits: () => limits,
    replace: flags.replace,
    keepPrimary: flags['keep-primary'],
  };
}

/** Keys per second, from `5000`, `5000keys/s` or `20MB/s` (also kB, GB). Throws USAGE. */
export function parseRate(text: string, bytesPerKey: number): number {
  const match = /^(\d+(?:\.\d+)?)\s*(keys|[kMG]?B)?(?:\/s)?$/.exec(text.trim());
  const [, amount, unit = 'keys'] = match ?? [];
  const factor = { keys: 1, B: 1 / bytesPerKey, kB: 1e3 / bytesPerKey, MB: 1e6 / bytesPerKey, GB: 1e9 / bytesPerKey }[
    unit
  ];
  const rate = Number(amount) * (factor ?? Number.NaN);
  if (Number.isFinite(rate) && rate > 0) return rate;
  throw new OpsError('USAGE', `--throttle takes a rate such as 5000keys/s or 20MB/s, not "${text}".`);
}

/** Throws USAGE naming the flag. */
export function parseMilliseconds(text: string, flag: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new OpsError('USAGE', `${flag} takes milliseconds greater than 0, not "${text}".`);
}
