import type { Patient } from './doctor/finding.ts';
import { checkNetwork } from './doctor/network.ts';
import type { Line } from './render/wording.ts';

/** How programs say that a name or an address cannot be reached. */
const UNREACHABLE =
  /could not resolve|temporary failure (in name resolution|resolving)|(unable|failed|cannot|can't|could not) (to )?connect|network is unreachable|no route to host|connection (timed out|refused)/i;

/**
 * What the build network keeps from this machine's package mirrors, when the last lines of a failed step sound like
 * it. Nothing when they do not, or when the network is fine: then the cause is elsewhere.
 */
export async function networkHint(output: readonly string[], machine: Patient): Promise<Line[]> {
  if (!output.some(line => UNREACHABLE.test(line))) return [];
  const findings = await checkNetwork(machine);
  return findings
    .filter(({ ok }) => ok !== 'ok')
    .flatMap(({ name, found, mend }): Line[] => [
      { tone: 'warning', text: `hint: ${name}: ${found}` },
      ...mend.split('\n').map(text => ({ tone: 'plain', text: `  ${text}` }) as const),
    ]);
}
