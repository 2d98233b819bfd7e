/** Weights and the threshold of a rebalance, as they are typed. */
import { OpsError } from '../errors.ts';

/** Reads `node=weight` words; one word may hold several, with spaces, as redis-cli's habit is. Throws USAGE. */
export function parseWeights(words: readonly string[]): ReadonlyMap<string, number> {
  const pairs = words.flatMap((word) => word.split(/\s+/)).filter((pair) => pair !== '');
  return new Map(
    pairs.map((pair) => {
      const cut = pair.lastIndexOf('=');
      const weight = Number(pair.slice(cut + 1));
      if (cut > 0 && pair.length > cut + 1 && Number.isFinite(weight) && weight >= 0)
        return [pair.slice(0, cut), weight] as const;
      throw new OpsError('USAGE', `--weight takes node=weight with a weight of 0 or more, not "${pair}".`, {
        suggestions: ['For example: --weight 127.0.0.1:7002=0.5'],
      });
    }),
  );
}

/** Percent. Throws USAGE. */
export function parseThreshold(text: string): number {
  const percent = Number(text);
  if (text.trim() !== '' && Number.isFinite(percent) && percent >= 0) return percent;
  throw new OpsError('USAGE', `--threshold takes percent of 0 or more, not "${text}".`);
}
