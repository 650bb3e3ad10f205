/** What both tools do, in this order. */
export const PHASES = [
  'start, boot, log in',
  'wait until ready',
  'three steps',
  'generalize, power off',
  'write the image',
] as const;

/** One finished build. */
export interface TimedBuild {
  /** Wall clock, from the start of the command to its end. */
  readonly seconds: number;
  /** Seconds of each of `PHASES`. */
  readonly phases: readonly number[];
  /** The qcow2 that came out. */
  readonly image: string;
}

/** A line of a tool's output, and when it came: seconds since the tool's start. */
export interface TimedLine {
  readonly at: number;
  readonly text: string;
}

/**
 * Seconds of each phase.
 *
 * @param ends for each phase but the last what its end looks like; each is looked for behind the one before it
 * @throws Error when a mark is not in the output: the tool's wording has changed.
 */
export function phaseSeconds(lines: readonly TimedLine[], ends: readonly RegExp[], seconds: number): readonly number[] {
  const times = [0];
  let next = 0;
  for (const end of ends) {
    const found = lines.findIndex((line, i) => i >= next && end.test(line.text));
    const line = lines[found];
    if (line === undefined) throw new Error(`no line of the output matches ${end}`);
    times.push(line.at);
    next = found + 1;
  }
  times.push(seconds);
  return times.slice(1).map((time, i) => time - (times[i] ?? 0));
}
