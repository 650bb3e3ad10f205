import { isIP } from 'node:net';
import { addressGuard } from '../../artifacts/address-guard.ts';
import { KilnError } from '../../errors/kiln-error.ts';
import { hostNetwork } from '../../network/host-network.ts';
import { guardedNetwork } from '../../network/namespace.ts';
import { asBuildUser } from '../../sandbox/build-user.ts';
import { BARE_ROOT } from '../../sandbox/tool.ts';
import { type Finding, fine, missing, type Patient, trial, warning } from './finding.ts';
import { packageMirrors } from './package-mirrors.ts';

/** What a build VM will reach: its network is set up as for a build, and asked. No packet is sent from it. */
export async function checkNetwork(patient: Patient): Promise<Finding[]> {
  const host = await hostNetwork();
  if (!host.hasDefaultRoute) {
    const mend = 'Templates that install packages will fail. Give this machine an IPv4 default route.';
    return [warning('build network', 'this machine has no IPv4 default route: builds are offline', mend)];
  }
  const mirrors = await mirrorAddresses(patient);
  const known = mirrors.flatMap(({ addresses }) => addresses);
  const { closed, failure } = await closedAddresses(patient, known);
  if (failure !== undefined) {
    return [missing('build network', failure, 'Mend what is missing above, then run `kiln doctor` again.')];
  }
  return [
    fine('build network', 'guarded user networking works for the build user'),
    host.resolver === undefined
      ? warning('resolver', 'no IPv4 name server in /etc/resolv.conf', 'Builds resolve no names. Name a server there.')
      : fine('resolver', `${host.resolver}, forwarded to builds`),
    ...mirrors.map(mirror => mirrorFinding(patient, mirror, closed)),
  ];
}

interface MirrorHost {
  readonly host: string;
  /** IPv4: builds have no IPv6. */
  readonly addresses: readonly string[];
}

async function mirrorAddresses(patient: Patient): Promise<MirrorHost[]> {
  const hosts = await packageMirrors(patient.etc);
  return Promise.all(
    hosts.map(async host => {
      const found = isIP(host) > 0 ? [{ address: host }] : await patient.resolve(host).catch(() => []);
      return { host, addresses: found.map(({ address }) => address).filter(address => isIP(address) === 4) };
    }),
  );
}

/** Asks the routes of a build's network, which are its guard, for addresses that lead nowhere. */
async function closedAddresses(patient: Patient, addresses: readonly string[]) {
  try {
    const network = await guardedNetwork(patient.config.network.allow);
    const outer = [
      ...['bwrap', '--die-with-parent', '--unshare-user', '--unshare-pid', ...BARE_ROOT],
      ...network.devices.flatMap(device => ['--dev-bind', device, device]),
      ...['--ro-bind-try', '/etc/resolv.conf', '/etc/resolv.conf', '--'],
    ];
    const ask = 'for a in "$@"; do ip -4 route get "$a" >/dev/null 2>&1 || echo "$a"; done';
    const inside = ['sh', '-c', ask, 'kiln-doctor', ...addresses];
    const { stdout, failure } = await trial(patient, [
      ...(await asBuildUser()),
      ...outer,
      ...network.command,
      ...inside,
    ]);
    return { failure, closed: stdout.split('\n').filter(line => line !== '') };
  } catch (error) {
    if (!(error instanceof KilnError)) throw error;
    return { failure: error.message, closed: [] };
  }
}

function mirrorFinding(patient: Patient, { host, addresses }: MirrorHost, closed: readonly string[]): Finding {
  const name = `package mirror ${host}`;
  if (addresses.length === 0) {
    return warning(name, 'the name has no IPv4 address', 'Check the resolver and the network of this machine.');
  }
  const shut = addresses.filter(address => closed.includes(address));
  if (shut.length === 0) return fine(name, `open to builds (${addresses.join(', ')})`);
  const special = addressGuard([], patient.home.config);
  const reasons = shut.map(address => `${address} (${special(address) ?? 'in a network of this machine'})`);
  return warning(name, `closed to builds: ${reasons.join(', ')}`, allowLines(patient, shut));
}

/** The lines to write, with what is there already. */
function allowLines({ home, config }: Patient, addresses: readonly string[]): string {
  const all = [...new Set([...config.network.allow, ...addresses])];
  return [
    `If builds may reach it, put into ${home.config}:`,
    'network:',
    '  allow:',
    ...all.map(entry => `    - ${entry}`),
  ].join('\n');
}
