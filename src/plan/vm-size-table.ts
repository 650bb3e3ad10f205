// Azure's general-purpose, compute and memory sizes: processors and memory in GiB. What the letters promise beyond that
// (local disks, premium storage, a vendor's processor) makes no difference to a build VM.

export interface VmSize {
  /** As Azure writes it. */
  readonly name: string;
  readonly cpus: number;
  readonly memoryMiB: number;
}

type Row = readonly [name: string, cpus: number, memoryGiB: number];

/** The newer names have the count of processors in them (`#`), and the same memory for each processor. */
function series(names: readonly string[], counts: readonly number[], perCpu: number, odd: Record<number, number> = {}) {
  return names.flatMap(name => counts.map((n): Row => [name.replace('#', String(n)), n, odd[n] ?? n * perCpu]));
}

/** One set of figures under several prefixes. */
function twins(prefixes: readonly string[], rows: readonly Row[]): Row[] {
  return prefixes.flatMap(prefix => rows.map(([name, cpus, memory]): Row => [prefix + name, cpus, memory]));
}

const UP_TO_64 = [2, 4, 8, 16, 32, 48, 64];
const UP_TO_96 = [...UP_TO_64, 96];
const UP_TO_192 = [...UP_TO_96, 128, 192];

const A: readonly Row[] = [
  ...series(['A#_v2'], [1, 2, 4, 8], 2),
  ...series(['A#m_v2'], [2, 4, 8], 8),
  ...([
    ['A0', 1, 0.75],
    ['A1', 1, 1.75],
    ['A2', 2, 3.5],
    ['A3', 4, 7],
    ['A4', 8, 14],
  ] as const),
  ...([
    ['A5', 2, 14],
    ['A6', 4, 28],
    ['A7', 8, 56],
    ['A10', 8, 56],
    ['A11', 16, 112],
  ] as const),
];

const B: readonly Row[] = [
  ...([
    ['B1ls', 1, 0.5],
    ['B1s', 1, 1],
    ['B1ms', 1, 2],
    ['B2s', 2, 4],
  ] as const),
  ...series(['B#ms'], [2, 4, 8, 12, 16, 20], 4),
  ...series(['B#ts_v2', 'B#ats_v2'], [2], 0.5),
  ...series(['B#ls_v2', 'B#als_v2'], [2, 4, 8, 16, 32], 2),
  ...series(['B#s_v2', 'B#as_v2'], [2, 4, 8, 16, 32], 4),
];

const D_OLD: readonly Row[] = [
  ...([
    ['1', 1, 3.5],
    ['2', 2, 7],
    ['3', 4, 14],
    ['4', 8, 28],
  ] as const),
  ...([
    ['11', 2, 14],
    ['12', 4, 28],
    ['13', 8, 56],
    ['14', 16, 112],
  ] as const),
];

const D_V2: readonly Row[] = [
  ...D_OLD.map(([name, cpus, memory]): Row => [`${name}_v2`, cpus, memory]),
  ...([
    ['5_v2', 16, 56],
    ['15_v2', 20, 140],
  ] as const),
];

const D: readonly Row[] = [
  ...twins(['D', 'DS'], [...D_OLD, ...D_V2]),
  ...series(['D#_v3', 'D#s_v3', 'D#_v4', 'D#s_v4', 'D#d_v4', 'D#ds_v4'], UP_TO_64, 4),
  ...series(['D#a_v4', 'D#as_v4', 'D#_v5', 'D#s_v5', 'D#d_v5', 'D#ds_v5', 'D#as_v5', 'D#ads_v5'], UP_TO_96, 4),
  ...series(['D#ls_v5', 'D#lds_v5', 'D#als_v6', 'D#alds_v6'], UP_TO_96, 2),
  ...series(['D#s_v6', 'D#ds_v6'], UP_TO_192, 4),
  ...series(['D#as_v6', 'D#ads_v6'], UP_TO_96, 4),
  ...series(['D#ls_v6', 'D#lds_v6'], [...UP_TO_96, 128], 2),
];

const E_COUNTS = [2, 4, 8, 16, 20, 32, 48, 64];

const E: readonly Row[] = [
  ...series(['E#_v3', 'E#s_v3'], E_COUNTS, 8, { 64: 432 }),
  ...series(['E#i_v3', 'E#is_v3'], [64], 8, { 64: 432 }),
  ...series(['E#_v4', 'E#s_v4', 'E#d_v4', 'E#ds_v4'], E_COUNTS, 8, { 64: 504 }),
  ...series(['E#is_v4', 'E#ids_v4'], [80], 8, { 80: 504 }),
  ...series(['E#a_v4', 'E#as_v4', 'E#as_v5', 'E#ads_v5'], [...E_COUNTS, 96], 8, { 96: 672 }),
  ...series(['E#_v5', 'E#s_v5', 'E#d_v5', 'E#ds_v5'], [...E_COUNTS, 96], 8, { 96: 672 }),
  ...series(['E#i_v5', 'E#is_v5', 'E#id_v5', 'E#ids_v5'], [104], 8, { 104: 672 }),
  ...series(['E#ias_v4', 'E#ias_v5', 'E#iads_v5'], [96, 112], 8, { 96: 672, 112: 672 }),
  ...series(['E#bs_v5', 'E#bds_v5'], [2, 4, 8, 16, 32, 48, 64, 96], 8, { 96: 672 }),
  ...series(['E#ibs_v5', 'E#ibds_v5'], [112], 8, { 112: 672 }),
  ...series(['E#as_v6', 'E#ads_v6'], [...E_COUNTS, 96], 8, { 96: 672 }),
  ...series(['E#s_v6', 'E#ds_v6'], [...E_COUNTS, 96, 128], 8),
  ...series(['E#is_v6', 'E#ids_v6'], [192], 8, { 192: 1832 }),
];

const F: readonly Row[] = [
  ...series(['F#', 'F#s'], [1, 2, 4, 8, 16], 2),
  ...series(['F#s_v2'], [2, 4, 8, 16, 32, 48, 64, 72], 2),
  ...series(['F#as_v6'], UP_TO_64, 4),
  ...series(['F#als_v6'], UP_TO_64, 2),
  ...series(['F#ams_v6'], UP_TO_64, 8),
  ...series(['FX#mds'], [4, 12, 24, 36, 48], 21),
];

/** Huge, and nothing but: a build on one is capped by this machine like any other. */
const M: readonly Row[] = [
  ...([
    ['M8ms', 8, 218.75],
    ['M16ms', 16, 437.5],
    ['M32ls', 32, 256],
    ['M32ts', 32, 192],
    ['M32ms', 32, 875],
  ] as const),
  ...([
    ['M64ls', 64, 512],
    ['M64', 64, 1024],
    ['M64s', 64, 1024],
    ['M64m', 64, 1792],
    ['M64ms', 64, 1792],
  ] as const),
  ...([
    ['M128', 128, 2048],
    ['M128s', 128, 2048],
    ['M128m', 128, 3892],
    ['M128ms', 128, 3892],
  ] as const),
  ...([
    ['M208s_v2', 208, 2850],
    ['M208ms_v2', 208, 5700],
    ['M416s_v2', 416, 5700],
    ['M416ms_v2', 416, 11400],
  ] as const),
];

const rows: readonly Row[] = [
  ...twins(['Standard_'], [...A, ...B, ...D, ...E, ...F, ...M]),
  ...twins(
    ['Basic_'],
    A.filter(([name]) => /^A[0-4]$/.test(name)),
  ),
];

export const SIZE_TABLE: readonly VmSize[] = rows.map(([name, cpus, memoryGiB]) => ({
  name,
  cpus,
  memoryMiB: memoryGiB * 1024,
}));
