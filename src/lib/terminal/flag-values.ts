/**
 * Values that are texts to the framework and something else to us: looked at before anything is connected to, whatever
 * comes to use them later.
 */
import { parseSeconds } from './connection.ts';
import { parseMilliseconds, parseRate } from './move-flags.ts';
import { parseSlotCount, parseSlotRanges } from './reshard-request.ts';

/** By the name of the flag, which means the same to every command that has it. Each throws USAGE. */
const CHECKS: Readonly<Record<string, (text: string) => unknown>> = {
  'connect-timeout': (text) => parseSeconds(text, '--connect-timeout'),
  'wait-timeout': (text) => parseSeconds(text, '--wait-timeout'),
  timeout: (text) => parseSeconds(text, '--timeout'),
  'max-pause': (text) => parseMilliseconds(text, '--max-pause'),
  'max-latency': (text) => parseMilliseconds(text, '--max-latency'),
  throttle: (text) => parseRate(text, 1),
  slots: parseSlotCount,
  ranges: parseSlotRanges,
};

/** Throws USAGE, naming the first flag whose value makes no sense. */
export function refuseNonsense(flags: object): void {
  for (const [name, value] of Object.entries(flags)) if (typeof value === 'string') CHECKS[name]?.(value);
}
