import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { templateError } from '../../errors/template.ts';
import { findImage } from '../../sources/find-image.ts';
import { imageKey, parseImageReference } from '../../sources/image-name.ts';
import { knownImages } from '../../sources/platform-image.ts';
import { starterTemplate } from '../../template/starter.ts';
import { interruptSignal } from '../interrupt.ts';
import { data, say, warn } from '../output.ts';
import { sourceContext, withServices } from '../services.ts';
import { templateName } from '../template-name.ts';

const TARGETS = { vhd: 'VHD', 'managed-image': 'ManagedImage', 'shared-image': 'SharedImage' } as const;
type TargetName = keyof typeof TARGETS;

interface Options {
  readonly source: string;
  readonly target: readonly TargetName[];
  readonly location?: string;
}

export function addInit(program: Command): void {
  program
    .command('init')
    .description('Writes a template to begin with: it builds as it is, and its comments say what else there is.')
    .argument('[file]', 'the file to write; `-` for stdout', 'template.json')
    .option('--source <image>', 'publisher:offer:sku, as `kiln source list` shows it', 'Debian:debian-12:12-gen2')
    .addOption(
      new Option('--target <kind>', `where the image goes: ${Object.keys(TARGETS).join(', ')}; may be repeated`)
        .argParser(addTarget)
        .default([], 'vhd'),
    )
    .option('--location <region>', "region of the template; the site's own when absent")
    .action(init);
}

async function init(file: string, options: Options): Promise<void> {
  await withServices([], async services => {
    const { name } = parseImageReference(options.source);
    const alias = Object.entries(services.config.aliases).find(([from]) => imageKey(from) === imageKey(name));
    const known = await knownImages(sourceContext(services, warn, interruptSignal()));
    const { os } = findImage(known, parseImageReference(alias?.[1] ?? name).name, 'latest');
    const [publisher = '', offer = '', sku = ''] = name.split(':');
    const { subscription, resourceGroup, gallery, location } = services.config;
    const text = starterTemplate({
      ...{ name: templateName(file), source: { publisher, offer, sku }, os },
      targets: (options.target.length === 0 ? (['vhd'] as const) : options.target).map(kind => TARGETS[kind]),
      ...{ subscription, resourceGroup, gallery, location: options.location ?? location },
    });
    if (file === '-') {
      data(text.trimEnd());
      return;
    }
    await writeNew(file, text);
    say({ tone: 'good', text: `Wrote ${file}.` });
    say({ tone: 'plain', text: `Next: kiln validate ${file}, kiln plan ${file}, kiln build ${file}` });
  });
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw templateError('TemplateExists', { file });
    throw templateError('TemplateNotWritten', { file, reason: message }, { cause });
  }
}

function addTarget(kind: string, before: readonly TargetName[]): readonly TargetName[] {
  if (!Object.hasOwn(TARGETS, kind)) throw new InvalidArgumentError(`Allowed are ${Object.keys(TARGETS).join(', ')}.`);
  return [...before, kind as TargetName];
}
