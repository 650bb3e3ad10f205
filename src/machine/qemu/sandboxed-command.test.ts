import { expect, test } from 'vitest';
import { type SandboxPaths, sandboxedCommand } from './sandboxed-command.ts';

const odd = '/home/a, b:c=$(id)/disk.qcow2';
const paths: SandboxPaths = {
  writableDirectory: { path: '/home/run/io', inside: '/machine/io' },
  writable: [{ path: odd, inside: '/machine/disk.qcow2' }],
  readOnly: [{ path: '/sources/base.qcow2', inside: '/sources/base.qcow2' }],
  outerResolvConf: '/home/run/resolv.conf.outer',
  innerResolvConf: '/home/run/resolv.conf',
  devices: ['/dev/net/tun'],
  kvm: false,
};
const relay = { socket: '/machine/io/ssh.sock', port: 2222 };

function command(more: Partial<SandboxPaths> = {}): string[] {
  return sandboxedCommand(['setpriv', '--'], ['pasta', '--'], { ...paths, ...more }, relay, ['qemu', '-S']);
}

function inOrder(words: readonly string[], ...expected: readonly string[]): boolean {
  return words.some((_, i) => expected.every((word, k) => words[i + k] === word));
}

test('user, sandbox, network, relay, sandbox, QEMU, from the outside in', () => {
  const words = command();
  const at = ['setpriv', 'pasta', 'kiln-relay', 'qemu'].map(word => words.indexOf(word));
  expect(at).toEqual([...at].sort((a, b) => a - b));
  const sandboxes = words.flatMap((word, i) => (word === 'bwrap' ? [i] : []));
  expect(sandboxes).toHaveLength(2);
  expect(sandboxes[1]).toBeGreaterThan(words.indexOf('kiln-relay'));
});

test('both sandboxes die with their parents, and the inner one has no capability', () => {
  const words = command();
  const inner = words.slice(words.lastIndexOf('bwrap'));
  expect(words.filter(word => word === '--die-with-parent')).toHaveLength(2);
  expect(inOrder(inner, '--cap-drop', 'ALL')).toBe(true);
  expect(inner).toContain('--unshare-pid');
});

test('QEMU sees what it works on, and what it only reads it can not write', () => {
  const words = command();
  const inner = words.slice(words.lastIndexOf('bwrap'));
  expect(inOrder(words, '--bind', odd, '/machine/disk.qcow2')).toBe(true);
  expect(inOrder(inner, '--bind', '/machine/disk.qcow2', '/machine/disk.qcow2')).toBe(true);
  expect(inOrder(words, '--ro-bind', '/sources/base.qcow2', '/sources/base.qcow2')).toBe(true);
  expect(inOrder(inner, '--ro-bind', '/sources/base.qcow2', '/sources/base.qcow2')).toBe(true);
  expect(inner).not.toContain('/home/run');
});

test('the device of the network is not for QEMU; KVM is, where it is used', () => {
  const without = command();
  expect(without.slice(without.lastIndexOf('bwrap'))).not.toContain('/dev/net/tun');
  expect(without).not.toContain('/dev/kvm');
  expect(command({ kvm: true }).filter(word => word === '/dev/kvm')).toHaveLength(4);
});

test('no path gets into a shell script', () => {
  const scripts = command().flatMap((word, i, words) => (words[i - 1] === '-c' ? [word] : []));
  expect(scripts.length).toBeGreaterThan(0);
  for (const script of scripts) expect(script).not.toContain('$(id)');
});
