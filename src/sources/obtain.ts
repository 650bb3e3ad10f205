import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbort, KilnError } from '../errors/kiln-error.ts';
import { sourceError } from '../errors/sources.ts';
import type { FileWay, RecipeWay, UrlWay, Way } from './catalogue-schema.ts';
import type { FoundImage } from './find-image.ts';
import { type ForeignDisk, keepDisk } from './keep-disk.ts';
import { loadRecipe } from './recipe.ts';
import { runRecipe } from './run-recipe.ts';
import type { SourceContext } from './source-context.ts';
import type { SourceRecord } from './source-index.ts';
import { sourcePaths } from './source-paths.ts';
import { usableFile } from './usable-file.ts';
import { inWorkspace } from './workspace.ts';

/**
 * Gets the disk of an image by the first of `ways` that works, and stores it. Each try is a line of the log.
 *
 * @throws KilnError `SourceUnavailable` with a detail for each way that failed, or the error of the only one; the signal's
 * reason when aborted.
 */
export async function obtain(image: FoundImage, ways: readonly Way[], context: SourceContext): Promise<SourceRecord> {
  const { signal, emit } = context;
  const name = `${image.name}:${image.version}`;
  const failures: KilnError[] = [];
  for (const [index, way] of ways.entries()) {
    emit({
      type: 'log',
      level: 'info',
      message: `Getting ${name}: ${wayText(way)} (way ${index + 1} of ${ways.length})`,
    });
    try {
      return await byWay(image, way, context);
    } catch (error) {
      signal.throwIfAborted();
      // A defect of Kiln is not a way that failed.
      if (!(error instanceof KilnError) || isAbort(error)) throw error;
      failures.push(error);
      if (ways.length === 1) throw error;
      const next = ways[index + 1] === undefined ? 'There is no other way.' : 'Trying the next way.';
      emit({ type: 'log', level: 'warning', message: `${error.message} ${next}` });
    }
  }
  const details = failures.map(({ code, message }) => ({ code, message }));
  throw sourceError('SourceUnavailable', { name, reason: `${failures.length} ways failed` }, { details });
}

/** A way in a few words, fit to be shown. */
export function wayText(way: Way): string {
  if ('recipe' in way) return `recipe ${way.recipe}`;
  if ('url' in way) return `download from ${new URL(way.url).host}`;
  return `file ${way.file}`;
}

function byWay(image: FoundImage, way: Way, context: SourceContext): Promise<SourceRecord> {
  const { home, signal, emit } = context;
  return inWorkspace(sourcePaths(home), async directory => {
    const disk = await diskBy(image, way, directory, context);
    const { id, title, names, version, origin, os, devices, defaultUser } = image;
    const facts = { id, title, names, version, origin, os, devices, way: wayText(way) };
    const keep = { home, directory, signal, emit };
    return keepDisk(disk, defaultUser === undefined ? facts : { ...facts, defaultUser }, keep);
  });
}

function diskBy(image: FoundImage, way: Way, directory: string, context: SourceContext): Promise<ForeignDisk> {
  if ('recipe' in way) return byRecipe(way, directory, context);
  return 'url' in way ? byUrl(image, way, directory, context) : byFile(way, directory, context);
}

async function byRecipe(way: RecipeWay, directory: string, context: SourceContext): Promise<ForeignDisk> {
  const recipe = await loadRecipe(way.recipe, context.recipes);
  return { path: await runRecipe(recipe, { ...context, directory }), format: 'raw' };
}

async function byUrl(image: FoundImage, way: UrlWay, directory: string, context: SourceContext): Promise<ForeignDisk> {
  const { fetcher, signal, emit } = context;
  const path = join(directory, 'download');
  const what = `Downloading ${image.id}`;
  await fetcher.download({
    ...{ url: way.url, destination: path, signal },
    ...(way.sha256 === undefined ? {} : { expect: { sha256: way.sha256 } }),
    ...(way.sha512 === undefined ? {} : { expect: { sha512: way.sha512 } }),
    ...(way.checksums === undefined ? {} : { checksumUrl: way.checksums }),
    ...(way.signature === undefined ? {} : { signatureUrl: way.signature }),
    ...(way.keyring === undefined ? {} : { keyring: way.keyring }),
    onProgress: (done, total) => emit({ type: 'progress', what, done, total: total ?? 0, unit: 'bytes' }),
  });
  emit({ type: 'progress', what, done: (await stat(path)).size, total: (await stat(path)).size, unit: 'bytes' });
  return { path, format: way.format };
}

async function byFile(way: FileWay, directory: string, { signal }: SourceContext): Promise<ForeignDisk> {
  const check = way.sha256 === undefined ? {} : { sha256: way.sha256 };
  return { path: await usableFile(way.file, { directory, signal, ...check }), format: way.format };
}
