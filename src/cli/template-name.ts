import { basename } from 'node:path';

/** What a template is called after its file, as far as that can be the name of a resource, a run output and an image. */
export function templateName(file: string): string {
  const stem = basename(file)
    .replace(/\.jsonc?$/i, '')
    .replace(/[^A-Za-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return stem === '' || stem === 'template' ? 'my-image' : stem.slice(0, 40);
}
