import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { z } from 'zod';
import { sourceError } from '../errors/sources.ts';
import { type CatalogueImage, catalogueSchema, type Way } from './catalogue-schema.ts';
import { imageKey } from './image-name.ts';

/** The catalogue that comes with Kiln. The path is the same from `src/` and from `dist/`. */
export const OWN_CATALOGUE = fileURLToPath(new URL('../../catalogue', import.meta.url));

/**
 * Reads catalogues: files, or folders of `*.yaml` files. Images keep the order in which they were found: of two with the
 * same name the first one counts.
 *
 * @throws KilnError `CatalogueInvalid`.
 */
export async function loadCatalogues(paths: readonly string[]): Promise<readonly CatalogueImage[]> {
  const images: CatalogueImage[] = [];
  const ids = new Map<string, string>();
  for (const path of paths) {
    for (const file of await catalogueFiles(path)) {
      for (const [index, image] of (await readCatalogue(file)).entries()) {
        const other = ids.get(image.id);
        if (other !== undefined) {
          const reason = `the id \`${image.id}\` is already taken in ${other}`;
          throw sourceError('CatalogueInvalid', { file, path: `images.${index}.id`, reason });
        }
        ids.set(image.id, file);
        images.push(image);
      }
    }
  }
  return images;
}

async function catalogueFiles(path: string): Promise<string[]> {
  try {
    const names = await readdir(path);
    return names
      .filter(name => name.endsWith('.yaml'))
      .sort()
      .map(name => join(path, name));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOTDIR') return [path];
    throw unreadable(path, cause);
  }
}

async function readCatalogue(file: string): Promise<CatalogueImage[]> {
  let value: unknown;
  try {
    value = parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw unreadable(file, cause);
  }
  const result = catalogueSchema.safeParse(value);
  if (!result.success) {
    const { path, message } = clearest(result.error.issues[0]);
    throw sourceError('CatalogueInvalid', { file, path: path.join('.') || '(top level)', reason: message });
  }
  refuseSharedNames(file, result.data.images);
  return result.data.images.map(image => ({
    ...image,
    versions: image.versions.map(version => ({ ...version, ways: version.ways.map(way => absoluteWay(way, file)) })),
  }));
}

function refuseSharedNames(file: string, images: readonly CatalogueImage[]): void {
  const seen = new Set<string>();
  for (const [index, { names }] of images.entries()) {
    for (const name of Object.keys(names)) {
      const reason = `another image of this file has the name \`${name}\``;
      if (seen.has(imageKey(name)))
        throw sourceError('CatalogueInvalid', { file, path: `images.${index}.names`, reason });
      seen.add(imageKey(name));
    }
  }
}

function absoluteWay(way: Way, file: string): Way {
  return 'file' in way ? { ...way, file: resolve(dirname(file), way.file) } : way;
}

/** For a value that fits none of several shapes: what is wrong with it in the shape that it comes closest to. */
function clearest(issue: z.core.$ZodIssue | undefined): { readonly path: PropertyKey[]; readonly message: string } {
  if (issue === undefined) return { path: [], message: 'invalid' };
  if (issue.code !== 'invalid_union') return { path: issue.path, message: issue.message };
  const [closest] = [...issue.errors].sort((a, b) => a.length - b.length);
  if (closest?.[0] === undefined) return { path: issue.path, message: issue.message };
  const inner = clearest(closest[0]);
  return { path: [...issue.path, ...inner.path], message: inner.message };
}

function unreadable(file: string, cause: unknown) {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return sourceError('CatalogueInvalid', { file, path: '(file)', reason }, { cause });
}
