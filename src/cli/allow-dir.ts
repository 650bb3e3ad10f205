import { Option } from 'commander';

/** `--allow-dir`, which may be repeated; a list of the directories given. */
export function allowDirOption(): Option {
  const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
  return new Option('--allow-dir <directory>', 'another directory whose files the template may name; may be repeated')
    .argParser(collect)
    .default([], 'none');
}
