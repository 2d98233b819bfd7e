/** Which of the known words was meant by one that was typed wrongly? */

/** Of three letters one may be wrong, of six two; more than three never. */
const LETTERS_PER_SLIP = 3;
const SLIPS_MAX = 3;

/** The known word that is least away from the typed one, and near enough; null where there is none. */
export function nearest(typed: string, known: readonly string[]): string | null {
  const slipsMax = Math.min(SLIPS_MAX, Math.floor(typed.length / LETTERS_PER_SLIP));
  const [best] = known
    .map((word) => ({ word, slips: slipsBetween(typed, word) }))
    .filter(({ slips }) => slips <= slipsMax)
    .sort((a, b) => a.slips - b.slips);
  return best?.word ?? null;
}

/** How many letters are wrong, missing, too many, or have changed places with their neighbour. */
function slipsBetween(a: string, b: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const away = (value: number | undefined): number => value ?? Number.POSITIVE_INFINITY;
      row.push(
        Math.min(
          away(last[j]) + 1,
          away(row[j - 1]) + 1,
          away(last[j - 1]) + (isSame ? 0 : 1),
          isSwap ? away(beforeLast[j - 2]) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? Number.POSITIVE_INFINITY;
}
