import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SPECIAL_IPV4 } from '../../src/config/special-ranges.ts';
import { RESOLVER } from '../../src/network/guard.ts';
import { inGuestNetwork, routeQuestions } from './network-inside.ts';

const isRoot = process.getuid?.() === 0;

describe('in the place of QEMU', () => {
  test('private networks, metadata services and every other special range lead nowhere', async () => {
    const special = SPECIAL_IPV4.map(({ range }) => range.replace('/32', '').replace(/\.\d+\/.*/, '.77')).filter(
      address => !address.startsWith('127.') && !address.startsWith('0.'),
    );
    const closed = ['10.0.0.1', '169.254.169.254', '192.168.0.1', '172.31.255.254', '255.255.255.255', ...special];
    const answers = (await inGuestNetwork(routeQuestions(closed))).split('\n');
    expect(Object.fromEntries(closed.map((address, i) => [address, answers[i]]))).toEqual(
      Object.fromEntries(closed.map(address => [address, 'closed'])),
    );
  });

  test('the public Internet and the resolver are routed, and what the site allows is', async () => {
    const questions = routeQuestions(['9.9.9.9', RESOLVER, '10.9.8.7', '10.9.8.8']);
    expect((await inGuestNetwork(questions, ['10.9.8.7', '2001:db8::1'])).split('\n')).toEqual([
      'open',
      'open',
      'open',
      'closed',
    ]);
  });

  test('nothing of this machine answers, at none of its addresses', async () => {
    let reached = 0;
    const server = createServer(socket => {
      reached += 1;
      socket.destroy();
    }).listen(0, '0.0.0.0');
    await new Promise(resolve => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const own = Object.values(networkInterfaces()).flatMap(list =>
      (list ?? []).filter(({ family }) => family === 'IPv4').map(each => each.address),
    );
    const gateway = "$(ip -4 route show default | sed 's/.* via \\([^ ]*\\).*/\\1/')";
    const tries = [...own, gateway].map(
      host => `socat -T 2 - TCP4:${host}:${port},connect-timeout=2 </dev/null 2>/dev/null && echo "reached ${host}"`,
    );
    expect(await inGuestNetwork(`${tries.join('\n')}\n:`)).toBe('');
    expect(reached).toBe(0);
    server.close();
  });

  test('there is no IPv6', async () => {
    const script = 'ip -6 route get 2001:4860:4860::8888 2>/dev/null; ip -6 route get fd00::1 2>/dev/null; :';
    expect(await inGuestNetwork(script)).toBe('');
  });

  test('only the relay listens', async () => {
    expect(await inGuestNetwork('for f in tcp tcp6 udp udp6; do tail -n +2 /proc/net/$f; done; :')).toBe('');
  });

  test('routes can not be changed, and there is no other user namespace to do it from', async () => {
    const script = `
      ip -4 route add 10.0.0.0/8 dev lo 2>&1 || echo refused
      ip -4 route del blackhole 10.0.0.0/8 2>&1 || echo refused
      ip link set lo down 2>&1 || echo refused
      unshare --user true 2>&1 || echo refused
      unshare --net true 2>&1 || echo refused
      ip -4 route get 10.0.0.1 2>/dev/null || echo closed`;
    const lines = (await inGuestNetwork(script)).split('\n');
    expect(lines.filter(line => line === 'refused')).toHaveLength(5);
    expect(lines.at(-1)).toBe('closed');
  });

  test('it has no capability, its own processes, its own directory and little else', async () => {
    const script = `
      grep -E '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs)' /proc/self/status | tr -s '\\t ' ' '
      ls / | tr '\\n' ' '; echo
      ls /proc | grep -c '^[0-9]'
      cat /etc/resolv.conf; ls /dev/net 2>/dev/null; ulimit -c; pwd`;
    const [inherited, permitted, effective, ambient, privileges, root, processes, ...rest] = (
      await inGuestNetwork(script)
    ).split('\n');
    for (const set of [inherited, permitted, effective, ambient]) expect(set).toMatch(/ 0000000000000000$/);
    expect(privileges).toBe('NoNewPrivs: 1');
    expect(root?.trim().split(' ')).toEqual(expect.arrayContaining(['machine', 'usr']));
    expect(root).not.toMatch(/home|root|var|srv|run/);
    expect(Number(processes)).toBeLessThanOrEqual(5);
    expect(rest).toEqual([`nameserver ${RESOLVER}`, '0', '/machine/io']);
  });
});

interface HostReport {
  readonly host: { readonly hasDefaultRoute: boolean; readonly ranges: readonly string[]; readonly resolver: string };
  readonly asked: readonly string[];
  readonly answerBytes: string;
  readonly routes: readonly string[];
}

// Another host is a network namespace: only root can make one in which another user's sandbox works.
describe.skipIf(!isRoot)('on another host', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kiln-host-'));
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function onHost(setUp: string, addresses: readonly string[]): Promise<HostReport> {
    const resolvConf = join(directory, 'resolv.conf');
    await writeFile(resolvConf, 'nameserver 127.0.0.1\n');
    const script = `set -e
      mount --bind ${resolvConf} /etc/resolv.conf
      ip link set lo up
      ip link add eth9 type veth peer name eth8
      ip link set eth9 up; ip link set eth8 up
      ${setUp}
      exec "$@"`;
    const process_ = [process.execPath, join(import.meta.dirname, 'network-host-process.ts'), ...addresses];
    const { stdout } = await execa('unshare', ['--net', '--mount', 'sh', '-c', script, 'host', ...process_]);
    return JSON.parse(stdout) as HostReport;
  }

  test('a resolver on its loopback answers builds', async () => {
    const setUp = 'ip addr add 198.51.100.2/24 dev eth9; ip route add default via 198.51.100.1';
    const { host, asked, answerBytes } = await onHost(setUp, []);
    expect(host).toEqual({ hasDefaultRoute: true, ranges: ['198.51.100.0/24'], resolver: '127.0.0.1' });
    expect(answerBytes).toBe('24');
    expect(asked).toEqual(['127.0.0.1']);
  });

  test('public addresses of its own and of its neighbours are closed, those behind a VPN are not', async () => {
    const setUp = `ip addr add 9.1.1.2/24 dev eth9; ip addr add 9.2.2.2/32 dev eth9; ip addr add 9.3.3.3/32 dev lo
      ip route add default via 9.1.1.1
      ip route add 9.4.4.0/24 via 9.1.1.9
      ip route add 0.0.0.0/1 via 9.1.1.1; ip route add 128.0.0.0/1 via 9.1.1.1`;
    const { routes } = await onHost(setUp, ['9.1.1.1', '9.1.1.9', '9.3.3.3', '9.4.4.4', '9.9.9.9', '149.112.112.112']);
    expect(routes).toEqual(['closed', 'closed', 'closed', 'closed', 'open', 'open']);
    expect((await onHost(setUp, ['9.2.2.2'])).routes[0]).not.toBe('open');
  });

  test('without a default route builds are offline, and still run', async () => {
    const { host, routes, answerBytes } = await onHost('ip addr add 198.51.100.2/24 dev eth9', [
      '9.9.9.9',
      '198.51.100.1',
    ]);
    expect(host.hasDefaultRoute).toBe(false);
    expect(routes).toEqual(['closed', 'closed']);
    expect(answerBytes).toBe('0');
  });
});
