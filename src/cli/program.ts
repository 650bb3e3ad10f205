import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addBuild } from './commands/build.ts';
import { addConnect } from './commands/connect.ts';
import { addDoctor } from './commands/doctor.ts';
import { addImage } from './commands/image.ts';
import { addInit } from './commands/init.ts';
import { addLogs } from './commands/logs.ts';
import { addPrincipal } from './commands/principal.ts';
import { addRuns } from './commands/runs.ts';
import { addServe } from './commands/serve.ts';
import { addServerTemplate } from './commands/server-template.ts';
import { addSourceCommands } from './commands/source.ts';
import { addSsh } from './commands/ssh.ts';
import { addTemplate } from './commands/template.ts';
import { errorsAsDocument } from './error-document.ts';
import { refusedBuild } from './render/summary.ts';

/** The whole command line. */
export function program(): Command {
  const { version, description } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
    description: string;
  };
  const kiln = new Command('kiln')
    .description(description)
    .version(version)
    .enablePositionalOptions()
    .showHelpAfterError('Add --help to the command to see how it is used.')
    .exitOverride();
  for (const add of [
    addInit,
    addBuild,
    addTemplate,
    addRuns,
    addLogs,
    addSsh,
    addImage,
    addSourceCommands,
    addServe,
    addServerTemplate,
    addConnect,
    addPrincipal,
    addDoctor,
  ])
    add(kiln);
  for (const command of kiln.commands.flatMap(one => [one, ...one.commands])) {
    command.exitOverride();
    if (command.options.some(option => option.long === '--output')) {
      errorsAsDocument(command, command.name() === 'build' ? refusedBuild : undefined);
    }
  }
  return kiln;
}
