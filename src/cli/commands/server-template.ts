import { type Command, Option } from 'commander';
import { z } from 'zod';
import { printable } from '../../events/printable.ts';
import { interruptSignal } from '../interrupt.ts';
import { data, json, say } from '../output.ts';
import { type ServerOptions, serverOption, subscriptionOption, withServer } from '../remote/connect.ts';
import type { ServerAnswer, ServerClient } from '../remote/server-client.ts';
import { templateToSend } from '../remote/template-file.ts';
import { exitOf, runOfOperation, watchRun } from '../remote/watch-run.ts';

interface Options extends ServerOptions {
  readonly server: string;
  readonly output: 'text' | 'json';
  readonly wait: boolean;
  readonly name?: string;
}
interface InGroup extends Options {
  readonly resourceGroup: string;
}

const VERSION = 'api-version=2024-02-01';
const TYPE = 'Microsoft.VirtualMachineImages/imageTemplates';

const templates = z.object({
  value: z.array(
    z.looseObject({
      ...{ id: z.string(), name: z.string(), location: z.string() },
      properties: z.looseObject({
        provisioningState: z.string().optional(),
        lastRunStatus: z.looseObject({ runState: z.string().optional() }).nullish(),
      }),
    }),
  ),
  nextLink: z.string().optional(),
});
type Templates = z.output<typeof templates>;

export function addServerTemplate(program: Command): void {
  const template = program.command('template').description('Image templates on a server (`kiln serve`).');
  const output = () => new Option('--output <form>', 'what to print').choices(['text', 'json']).default('text');
  const command = (name: string, description: string) =>
    template
      .command(name)
      .description(description)
      .addOption(serverOption().makeOptionMandatory())
      .addOption(subscriptionOption());
  const inGroup = (name: string, description: string) =>
    command(name, description).requiredOption('-g, --resource-group <name>', 'resource group of the template');
  const noWait = () => new Option('--no-wait', 'end as soon as the server has accepted it');

  command('list', 'All templates, or those of a resource group.')
    .option('-g, --resource-group <name>', 'only those of this resource group')
    .addOption(output())
    .action(list);
  inGroup('show', 'A template, as the server has it, in JSON.').argument('<name>').action(show);
  inGroup('create', 'Makes a template of a file: an image template in JSON. The server checks it.')
    .argument('<file>')
    .option('--name <name>', "name of the template; the file's when absent")
    .addOption(noWait())
    .action(create);
  inGroup('run', 'Builds a template, and shows the build until its end.')
    .argument('<name>')
    .addOption(noWait())
    .addOption(output())
    .action(run);
  inGroup('cancel', 'Ends the run of a template.').argument('<name>').action(cancel);
  inGroup('delete', 'Deletes a template. What it published stays.')
    .argument('<name>')
    .addOption(noWait())
    .action(remove);
}

function idOf(subscription: string, group: string, name: string): string {
  return `/subscriptions/${subscription}/resourceGroups/${encodeURIComponent(group)}/providers/${TYPE}/${encodeURIComponent(name)}`;
}

/** Does something with one template. */
function onTemplate(
  name: string,
  options: InGroup,
  work: (client: ServerClient, id: string, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = interruptSignal();
  return withServer(options, (client, subscription) =>
    work(client, idOf(subscription, options.resourceGroup, name), signal),
  );
}

async function list(options: Options & { readonly resourceGroup?: string }): Promise<void> {
  await withServer(options, async (client, subscription) => {
    const { resourceGroup: group } = options;
    const inGroup = group === undefined ? '' : `/resourceGroups/${encodeURIComponent(group)}`;
    const all: Templates['value'] = [];
    let path: string | undefined = `/subscriptions/${subscription}${inGroup}/providers/${TYPE}?${VERSION}`;
    while (path !== undefined) {
      const page: Templates = await client.json(templates, { path });
      all.push(...page.value);
      path = page.nextLink;
    }
    if (options.output === 'json') return json(all);
    data(renderTemplates(all));
  });
}

function renderTemplates(all: Templates['value']): string {
  if (all.length === 0) return 'There are no templates yet.';
  const rows = all.map(({ id, name, location, properties }) => [
    printable(name),
    printable(id.split('/')[4] ?? ''),
    printable(location),
    properties.provisioningState ?? '-',
    properties.lastRunStatus?.runState ?? '-',
  ]);
  const table = [['TEMPLATE', 'RESOURCE GROUP', 'LOCATION', 'STATE', 'LAST RUN'], ...rows];
  const widths = [0, 1, 2, 3].map(column => Math.max(...table.map(row => (row[column] ?? '').length)));
  return table
    .map(row =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function show(name: string, options: InGroup): Promise<void> {
  return onTemplate(name, options, async (client, id) => json((await client.call({ path: `${id}?${VERSION}` })).body));
}

async function create(file: string, options: InGroup): Promise<void> {
  const { name: inFile, apiVersion, body } = await templateToSend(file);
  const name = options.name ?? inFile;
  await onTemplate(name, options, async (client, id, signal) => {
    const answer = await client.call({ method: 'PUT', path: `${id}?api-version=${apiVersion}`, body });
    if (!options.wait) return say({ tone: 'plain', text: `The server makes the template ${name}.` });
    if (answer.status !== 200) await client.wait(answer, signal);
    say({ tone: 'good', text: `The template ${name} is there.` });
  });
}

function run(name: string, options: InGroup): Promise<void> {
  return onTemplate(name, options, async (client, id, signal) => {
    const answer = await client.call({ method: 'POST', path: `${id}/run?${VERSION}` });
    const begun = await runOfOperation(client, id, operationIn(answer));
    if (!options.wait) {
      if (options.output === 'json') return json(begun);
      return data(begun.id);
    }
    signal.addEventListener('abort', () => {
      say({ tone: 'warning', text: `Run ${begun.id} goes on; \`kiln template cancel ${name}\` ends it.` });
    });
    const ended = await watchRun(client, begun, signal);
    if (options.output === 'json') json(ended);
    process.exitCode = exitOf(ended);
  });
}

function operationIn(answer: ServerAnswer): string {
  const url = answer.header('azure-asyncoperation') ?? answer.header('location') ?? '';
  return /\/([^/?]+)(?:\?.*)?$/.exec(url)?.[1] ?? '';
}

function cancel(name: string, options: InGroup): Promise<void> {
  return onTemplate(name, options, async (client, id) => {
    await client.call({ method: 'POST', path: `${id}/cancel?${VERSION}` });
    say({ tone: 'plain', text: `The run of ${name} is canceled, if there is one.` });
  });
}

function remove(name: string, options: InGroup): Promise<void> {
  return onTemplate(name, options, async (client, id, signal) => {
    const answer = await client.call({ method: 'DELETE', path: `${id}?${VERSION}` });
    if (answer.status === 204) return say({ tone: 'warning', text: `There is no template ${name}.` });
    if (options.wait) await client.wait(answer, signal);
    say({ tone: 'good', text: options.wait ? `The template ${name} is gone.` : `The server deletes ${name}.` });
  });
}
