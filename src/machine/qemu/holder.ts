import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { groupGone, killGroup } from '../../sandbox/process-group.ts';

/**
 * A shell between Kiln and the machine, at the head of a process group that the whole machine is in. It holds one end of
 * a pipe: when Kiln is gone, by whatever cause, the pipe ends, and the group is killed at once; the word `keep SECONDS`
 * lets the machine outlive Kiln for that long. The machine's own first process in turn dies with this shell, and the
 * watch looks for it, so nothing survives the kill of either. At the machine's own end the group is asked to end too,
 * and this shell, which ignores that, says how the machine ended.
 */
const HOLDER = `
"$@" 3<&- & machine=$!
(
  if read -r word seconds <&3 && [ "$word" = keep ]; then
    exec 3<&-
    until=$(($(date +%s) + seconds))
    while [ "$(date +%s)" -lt "$until" ] && kill -0 $$ 2>/dev/null; do sleep 1; done
  fi
  kill -KILL 0
) &
exec 3<&-
wait $machine; code=$?
trap '' TERM
kill -TERM 0
exit $code
`;

export interface HeldProcess {
  readonly pid: number;
  /** Exit code, or the signal's name, once nothing of the machine runs any more. MUST NOT reject. */
  readonly ended: Promise<{ readonly code: number | undefined; readonly signal: string | undefined }>;
  kill(): void;
  keep(seconds: number): void;
}

/** Starts a command whose life is tied to this process; its output goes to `log`. */
export function holdProcess(command: readonly string[], log: string): HeldProcess {
  const output = openSync(log, 'w', 0o600);
  let child: ChildProcess;
  try {
    child = spawn('sh', ['-c', HOLDER, 'kiln-machine', ...command], {
      stdio: ['ignore', output, output, 'pipe'],
      // A session of its own: the terminal's Ctrl-C is Kiln's to answer, and a kept machine outlives the terminal.
      detached: true,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' },
    });
  } finally {
    closeSync(output);
  }
  const control = child.stdio[3] as Writable;
  control.on('error', () => undefined);
  let gone = false;
  const exited = new Promise<{ code: number | undefined; signal: string | undefined }>(resolve => {
    child.once('error', () => resolve({ code: undefined, signal: undefined }));
    child.once('exit', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
  });
  const ended = exited.then(async end => {
    control.destroy();
    killGroup(child.pid);
    await groupGone(child.pid);
    gone = true;
    return end;
  });
  return {
    pid: child.pid ?? 0,
    ended,
    kill: () => {
      if (!gone) killGroup(child.pid);
    },
    keep: seconds => {
      control.end(`keep ${Math.ceil(seconds)}\n`, () => control.destroy());
      child.unref();
    },
  };
}
