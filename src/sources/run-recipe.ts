import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { isAbort } from '../errors/kiln-error.ts';
import { machineError } from '../errors/machine.ts';
import { sourceError } from '../errors/sources.ts';
import type { Emit } from '../events/build-event.ts';
import { asNamespaceRoot, namespaceEnvironment } from './namespace-root.ts';
import { checkRecipeTools, type Recipe } from './recipe.ts';
import { bootRecipeDisk } from './recipe-boot.ts';

export interface RecipeRun {
  /** A directory of the build user, empty. It may hold files of other users of the namespace afterwards. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

const LINES_KEPT = 20;

/**
 * Runs a recipe: its script, then the boot that makes the disk bootable, if it has one.
 *
 * @returns the path of a raw disk, a file of the build user.
 * @throws KilnError `ToolMissing`, `RecipeFailed`, those of `runTool`; the signal's reason when aborted.
 */
export async function runRecipe(recipe: Recipe, run: RecipeRun): Promise<string> {
  await checkRecipeTools(recipe);
  await prepare(recipe, run);
  const disk = join(run.directory, 'disk.raw');
  if (recipe.boot !== undefined) await bootRecipeDisk(recipe, recipe.boot, { ...run, disk });
  return disk;
}

async function prepare(recipe: Recipe, { directory, signal, emit }: RecipeRun): Promise<void> {
  // The build user may not be able to read the folder that Kiln is installed in.
  const copy = join(directory, 'recipe');
  await cp(recipe.directory, copy, { recursive: true });
  const limit = AbortSignal.timeout(recipe.prepareMinutes * 60_000);
  const lines: string[] = [];
  const [command = 'unshare', ...words] = await asNamespaceRoot();
  try {
    const running = execa(command, [...words, join(copy, recipe.prepare)], {
      cwd: directory,
      env: namespaceEnvironment({ KILN_RECIPE: copy }),
      extendEnv: false,
      stdin: 'ignore',
      // A terminal's Ctrl-C is for this process.
      detached: true,
      all: true,
      buffer: false,
      cancelSignal: AbortSignal.any([signal, limit]),
      // `unshare` lets a SIGTERM pass by; what it started dies with it.
      killSignal: 'SIGKILL',
    });
    for await (const line of running.iterable({ from: 'all' })) {
      if (lines.push(line) > LINES_KEPT) lines.shift();
      emit({ type: 'log', level: 'info', message: `${recipe.name}: ${line}` });
    }
    await running;
  } catch (cause) {
    signal.throwIfAborted();
    const failure = cause as { readonly code?: string; readonly exitCode?: number };
    if (failure.code === 'ENOENT') throw machineError('ToolMissing', { tool: command, package: 'util-linux' });
    const reason =
      limit.aborted || isAbort(cause)
        ? `it was not done within ${recipe.prepareMinutes} minutes`
        : `\`${recipe.prepare}\` ended with exit code ${failure.exitCode ?? '?'}${last(lines)}`;
    const stage = 'made the file system';
    throw sourceError('RecipeFailed', { recipe: recipe.name, stage, reason }, { cause, output: lines });
  }
}

function last(lines: readonly string[]): string {
  const line = lines.findLast(text => text.trim() !== '');
  return line === undefined ? '' : `: ${line}`;
}
