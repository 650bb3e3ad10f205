import { randomUUID } from 'node:crypto';
import { shellQuote } from '../../guest/ssh/shell-quote.ts';
import type { StepContext, StepResult } from '../step.ts';
import type { ShellStep } from './shell.ts';

/** What an inline script runs under: the first command that fails ends it. */
const INLINE_SHEBANG = '#!/bin/sh -e';

/** Scripts written for Packer look at these; the service runs its scripts through Packer's Azure builder. */
const BUILDER_TYPE = 'azure-arm';

/**
 * Copies the script into the guest and runs it there as the build user, standard input at its end, by its own
 * `#!` line.
 *
 * @throws GuestDisconnected when the guest goes away, for instance because the script restarts it.
 */
export async function runShell(step: ShellStep, context: StepContext): Promise<StepResult> {
  const { guest, signal, emit } = context;
  const path = `/tmp/kiln-${randomUUID()}.sh`;
  const nonce = `kiln-${randomUUID()}`;
  const script =
    step.scriptUri === undefined
      ? Buffer.from(`${[INLINE_SHEBANG, ...(step.inline ?? [])].join('\n')}\n`)
      : { file: context.artifact(step.scriptUri).path };
  await guest.upload(script, path, { mode: 0o755, signal });
  const result = await guest.run(command(path, context.buildName, nonce), {
    signal,
    onLine: (line, stream) => {
      if (line !== nonce) emit({ type: 'step-output', step: context.step, stream, line });
    },
  });
  return { exitCode: result.exitCode, restarting: result.stderr.includes(nonce) };
}

/**
 * A script that asks for a restart ends before the guest goes down. Whether it did is asked in the same breath, or the
 * next step would run into the shutdown.
 */
function command(path: string, buildName: string, nonce: string): string {
  return [
    `PACKER_BUILD_NAME=${shellQuote(buildName)} PACKER_BUILDER_TYPE=${BUILDER_TYPE} ${path} </dev/null; code=$?`,
    `rm -f ${path}`,
    `if [ -e /run/systemd/shutdown/scheduled ] || [ "$(systemctl is-system-running 2>/dev/null)" = stopping ]`,
    `then echo ${nonce} >&2; fi`,
    'exit $code',
  ].join('\n');
}
