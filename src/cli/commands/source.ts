import { type Command, InvalidArgumentError, Option } from 'commander';
import { addSource, type BroughtDisk } from '../../sources/add-source.ts';
import { STATED_FORMATS } from '../../sources/catalogue-schema.ts';
import { removeSource } from '../../sources/remove-source.ts';
import type { SourceContext } from '../../sources/source-context.ts';
import type { PlanInfo } from '../../template/model.ts';
import { interruptSignal } from '../interrupt.ts';
import { data, json, say, warn } from '../output.ts';
import { sourceContext, withServices } from '../services.ts';
import { bootstrapSource, listSources, pullSource, renderDisk, renderSources } from '../source-view.ts';

interface Output {
  readonly output: 'text' | 'json';
}

interface AddOptions {
  readonly version: string;
  readonly format: BroughtDisk['format'];
  readonly os: BroughtDisk['os'];
  readonly generation: BroughtDisk['generation'];
  readonly disk: BroughtDisk['devices']['disk'];
  readonly nic: BroughtDisk['devices']['nic'];
  readonly user?: string;
  readonly plan?: PlanInfo;
}

const output = () => new Option('--output <form>', 'what to print').choices(['text', 'json']).default('text');

export function addSourceCommands(program: Command): void {
  const source = program.command('source').description('The platform images that templates start from.');
  source.command('list').description('All images that a template can name.').addOption(output()).action(list);
  source
    .command('pull')
    .description('Gets an image, by the first of its ways that works.')
    .argument('<image>', 'publisher:offer:sku[:version]')
    .action(name => get(name, pullSource));
  source
    .command('bootstrap')
    .description("Makes an image on this machine, from the system's own package mirror.")
    .argument('<image>', 'publisher:offer:sku[:version]')
    .action(name => get(name, bootstrapSource));
  source
    .command('add')
    .description('Takes a disk of yours in as a platform image. Nothing about it is guessed: say what it is.')
    .argument('<image>', 'publisher:offer:sku')
    .argument('<file>', 'the disk')
    .requiredOption('--version <number>', 'three numbers, e.g. 1.0.0')
    .addOption(new Option('--format <format>', 'format of the file').choices(STATED_FORMATS).makeOptionMandatory())
    .addOption(new Option('--os <os>', 'operating system').choices(['Linux', 'Windows']).default('Linux'))
    .addOption(
      new Option('--generation <generation>', 'V1 boots by BIOS, V2 by UEFI').choices(['V1', 'V2']).default('V2'),
    )
    .addOption(new Option('--disk <device>', 'disk controller').choices(['virtio', 'ahci', 'scsi']).default('virtio'))
    .addOption(new Option('--nic <device>', 'network card').choices(['virtio', 'e1000e']).default('virtio'))
    .option('--user <name>', 'account that the image ships with')
    .addOption(
      new Option('--plan <name:product:publisher>', 'purchase plan that templates have to state').argParser(planInfo),
    )
    .action(add);
  source
    .command('rm')
    .description('Removes the disk of an image from this machine.')
    .argument('<image>', 'publisher:offer:sku[:version]')
    .action(remove);
}

function withContext<T>(work: (context: SourceContext) => Promise<T>): Promise<T> {
  return withServices([], services => work(sourceContext(services, warn, interruptSignal())));
}

async function list(options: Output): Promise<void> {
  await withContext(async context => {
    const listings = await listSources(context);
    if (options.output === 'json') json(listings);
    else data(renderSources(listings, context.config.aliases));
  });
}

async function get(name: string, way: typeof pullSource): Promise<void> {
  await withContext(async context => data(renderDisk(await way(name, context))));
}

async function add(name: string, file: string, options: AddOptions): Promise<void> {
  await withContext(async context => {
    const { version, format, os, generation, disk, nic, user, plan } = options;
    const brought: BroughtDisk = {
      ...{ name, version, file, format, os, generation, devices: { disk, nic } },
      ...(user === undefined ? {} : { defaultUser: user }),
      ...(plan === undefined ? {} : { planInfo: plan }),
    };
    const { digest, virtualSizeBytes } = await addSource(brought, context);
    data(renderDisk({ exactName: `${name}:${version}`, digest, virtualSizeBytes }));
  });
}

function planInfo(text: string): PlanInfo {
  const [planName = '', planProduct = '', planPublisher = '', ...rest] = text.split(':');
  if (planName === '' || planProduct === '' || planPublisher === '' || rest.length > 0) {
    throw new InvalidArgumentError('It is name:product:publisher.');
  }
  return { planName, planProduct, planPublisher };
}

async function remove(name: string): Promise<void> {
  await withContext(async context => {
    for (const { names, version } of await removeSource(name, context)) {
      say({ tone: 'plain', text: `Removed ${Object.keys(names)[0] ?? name}:${version}.` });
    }
  });
}
