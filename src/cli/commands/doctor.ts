import { type Command, Option } from 'commander';
import { loadSiteConfig } from '../../config/site-config.ts';
import { kilnHome } from '../../home/kiln-home.ts';
import { doctorExitCode, renderFindings, runDoctor } from '../doctor.ts';
import { data, json } from '../output.ts';
import { paint } from '../render/paint.ts';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('Checks whether builds can run on this machine, and says how to mend what keeps them from it.')
    .addOption(new Option('--output <form>', 'what to print').choices(['text', 'json']).default('text'))
    .action(doctor);
}

async function doctor(options: { readonly output: 'text' | 'json' }): Promise<void> {
  const home = kilnHome();
  const findings = await runDoctor(home, loadSiteConfig(home));
  if (options.output === 'json') json(findings);
  else data(renderFindings(findings).map(paint(process.stdout)).join('\n'));
  process.exitCode = doctorExitCode(findings);
}
