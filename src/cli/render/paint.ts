import { styleText } from 'node:util';
import type { Line, Tone } from './wording.ts';

const STYLES: Readonly<Record<Tone, Parameters<typeof styleText>[0] | undefined>> = {
  plain: undefined,
  faint: 'dim',
  good: 'green',
  warning: 'yellow',
  bad: 'red',
  title: 'bold',
};

/** Colours lines for a stream; leaves them alone where the stream is no terminal or `NO_COLOR` is set. */
export function paint(stream: NodeJS.WritableStream): (line: Line) => string {
  return ({ tone, text }) => {
    const style = STYLES[tone];
    return style === undefined ? text : styleText(style, text, { stream });
  };
}
