import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { asBuildUser, type BuildUser, buildUser, SYSTEM_USER } from '../../sandbox/build-user.ts';
import { type Finding, fine, missing, type Patient, trial } from './finding.ts';

/** The build user, and what the kernel lets it do. */
export async function checkSandbox(patient: Patient): Promise<Finding[]> {
  const user = await buildUser().catch(() => undefined);
  if (user === undefined) {
    const mend = `useradd --system --user-group --home-dir /var/lib/kiln --shell /usr/sbin/nologin ${SYSTEM_USER}`;
    return [missing('build user', `no system user \`${SYSTEM_USER}\`; the rest of the sandbox was not tried`, mend)];
  }
  const asUser = await asBuildUser();
  return [
    fine('build user', `${user.name} (uid ${user.uid})`),
    await checkNamespaces(patient, asUser),
    await checkSubordinateIds(patient, user, asUser),
    await checkTun(patient, asUser),
  ];
}

async function checkNamespaces(patient: Patient, asUser: readonly string[]): Promise<Finding> {
  const name = 'user namespaces';
  const bare = ['bwrap', '--die-with-parent', '--unshare-all', '--ro-bind', '/', '/', '--'];
  const { failure } = await trial(patient, [...asUser, ...bare, 'true']);
  if (failure === undefined) return fine(name, 'bwrap works for the build user');
  return missing(name, failure, await remedy());
}

/** Which of the kernel's switches closes user namespaces here. */
async function remedy(): Promise<string> {
  if ((await kernel('kernel/apparmor_restrict_unprivileged_userns')) === '1') {
    return 'AppArmor restricts them (Ubuntu 23.10 and later): sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (and in /etc/sysctl.d)';
  }
  if ((await kernel('kernel/unprivileged_userns_clone')) === '0') {
    return 'sysctl -w kernel.unprivileged_userns_clone=1 (and in /etc/sysctl.d)';
  }
  if ((await kernel('user/max_user_namespaces')) === '0') {
    return 'sysctl -w user.max_user_namespaces=15000 (and in /etc/sysctl.d)';
  }
  return 'Install bubblewrap. In a container, start it with a seccomp profile that allows user namespaces.';
}

async function kernel(setting: string): Promise<string> {
  return (await readFile(join('/proc/sys', setting), 'utf8').catch(() => '')).trim();
}

/** mmdebstrap needs 65536 ids for the users of the system that it makes. */
const IDS = 65_536;

async function checkSubordinateIds(patient: Patient, user: BuildUser, asUser: readonly string[]): Promise<Finding> {
  const name = 'subordinate ids';
  const login = process.getuid?.() === 0 ? user.name : userInfo().username;
  const short: string[] = [];
  for (const file of ['subuid', 'subgid'].map(base => join(patient.etc, base))) {
    const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').map(line => line.split(':'));
    const own = lines.filter(([owner]) => owner === login || owner === String(user.uid));
    if (!own.some(([, , count]) => Number(count) >= IDS)) short.push(file);
  }
  const range = '100000-165535 (a range that nobody else has)';
  if (short.length > 0) {
    const found = `no ${IDS} of ${login} in ${short.join(' and ')}; needed for bootstrap recipes`;
    return missing(name, found, `usermod --add-subuids ${range} --add-subgids ${range} ${login}`);
  }
  const { failure } = await trial(patient, [...asUser, 'unshare', '--map-auto', '--map-root-user', '--', 'true']);
  if (failure === undefined) return fine(name, `${IDS} of ${login}`);
  return missing(name, failure, 'apt-get install uidmap; newuidmap and newgidmap must be set-user-id programs');
}

async function checkTun(patient: Patient, asUser: readonly string[]): Promise<Finding> {
  const name = '/dev/net/tun';
  const { failure } = await trial(patient, [...asUser, 'sh', '-c', 'exec 3<>/dev/net/tun']);
  if (failure === undefined) return fine(name, 'the build user can open it');
  const mend = 'chmod 0666 /dev/net/tun (the mode that udev gives it; if it does not exist: modprobe tun)';
  return missing(name, failure, mend);
}
