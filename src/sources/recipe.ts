import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { machineError } from '../errors/machine.ts';
import { sourceError } from '../errors/sources.ts';

/** The recipes that come with Kiln. The path is the same from `src/` and from `dist/`. */
const OWN_RECIPES = fileURLToPath(new URL('../../recipes', import.meta.url));

const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);

const schema = z.strictObject({
  description: z.string().min(1),
  /** Programs that must be on this machine, to the Debian package that each is in. */
  tools: z.record(z.string(), z.string()).default({}),
  prepare: fileName,
  prepareMinutes: z.number().positive(),
  boot: z
    .strictObject({
      kernel: fileName,
      initrd: fileName,
      /** Name of a file that holds the kernel's command line. */
      commandLine: fileName,
      /** A line with this text on the serial console means that all went well. */
      success: z.string().min(8),
      memoryMiB: z.int().min(256),
      minutes: z.number().positive(),
    })
    .optional(),
});

/** A recipe's `recipe.yaml`, and where it is. */
export type Recipe = z.output<typeof schema> & { readonly name: string; readonly directory: string };

/** @throws KilnError `RecipeInvalid`. */
export async function loadRecipe(name: string, recipes: string = OWN_RECIPES): Promise<Recipe> {
  const directory = join(recipes, name);
  try {
    const recipe = schema.parse(parse(await readFile(join(directory, 'recipe.yaml'), 'utf8')));
    return { ...recipe, name, directory };
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw sourceError('RecipeInvalid', { recipe: name, reason }, { cause });
  }
}

/** @throws KilnError `ToolMissing`, for the first program of the recipe that is not on this machine. */
export async function checkRecipeTools(recipe: Recipe): Promise<void> {
  for (const [tool, packageName] of Object.entries(recipe.tools)) {
    const places = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].map(directory => join(directory, tool));
    const found = await Promise.any(places.map(place => access(place, constants.X_OK))).then(
      () => true,
      () => false,
    );
    if (!found) throw machineError('ToolMissing', { tool, package: packageName });
  }
}
