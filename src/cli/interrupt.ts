/** Aborted by Ctrl-C or SIGTERM. A second one ends the process at once; machines die with it. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      process.stderr.write('\nStopping; once more to leave at once.\n');
      controller.abort();
    });
  }
  return controller.signal;
}
