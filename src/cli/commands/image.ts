import { type Command, Option } from 'commander';
import { imageDocument, listImages, removeImage, renderImage, renderImages, showImage } from '../image-view.ts';
import { data, json, say } from '../output.ts';
import { withServices } from '../services.ts';

interface Output {
  readonly output: 'text' | 'json';
}

const output = () => new Option('--output <form>', 'what to print').choices(['text', 'json']).default('text');

export function addImage(program: Command): void {
  const image = program.command('image').description('What builds have published.');
  image.command('list').description('Managed images, gallery versions and VHDs.').addOption(output()).action(list);
  image
    .command('show')
    .description('One artifact: digest, size, source, run, copies.')
    .argument('<image>', 'ARM id, path or URI, or the name of a run output')
    .addOption(output())
    .action(show);
  image
    .command('rm')
    .description('Removes an artifact with all its copies.')
    .argument('<image>', 'ARM id, path or URI')
    .action(remove);
}

async function list(options: Output): Promise<void> {
  await withServices([], async ({ store }) => {
    const images = await listImages(store);
    if (options.output === 'json') json(images);
    else data(renderImages(images));
  });
}

async function show(name: string, options: Output): Promise<void> {
  await withServices([], async ({ store }) => {
    const image = await showImage(store, name);
    if (options.output === 'json') json(imageDocument(image));
    else data(renderImage(image));
  });
}

async function remove(name: string): Promise<void> {
  await withServices([], async ({ store }) => {
    say({ tone: 'plain', text: `Removed ${await removeImage(store, name)}.` });
  });
}
