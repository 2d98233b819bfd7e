/** Colour and width of a text. The caller decides them: no view reads a stream or the environment. */
import { styleText } from 'node:util';

export interface Style {
  readonly color: boolean;
  /** The columns of the terminal, within which tables stay; null for a file or a pipe, where nothing is folded. */
  readonly width: number | null;
}

/** Plain text, for files, pipes and tests. */
export const PLAIN: Style = { color: false, width: null };

type Format = Parameters<typeof styleText>[0];

/** The text in the format, or as it is where there is no colour. */
export function paint(style: Pick<Style, 'color'>, format: Format, text: string): string {
  return style.color && text !== '' ? styleText(format, text, { validateStream: false }) : text;
}
