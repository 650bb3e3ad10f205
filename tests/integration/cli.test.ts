import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CliSite, cliSite, KILN } from './cli-fixture.ts';

let site: CliSite;
beforeAll(async () => {
  site = await cliSite();
});
afterAll(() => site[Symbol.asyncDispose]());

describe('usage', () => {
  test('help is data, and names every command', async () => {
    const { exitCode, stdout, stderr } = await site.kiln('help');
    expect([exitCode, stderr]).toEqual([0, '']);
    for (const name of ['build', 'validate', 'plan', 'runs', 'logs', 'ssh', 'image', 'source', 'doctor']) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    const build = await site.kiln('build', '--help');
    expect([build.exitCode, build.stderr]).toEqual([0, '']);
    expect(build.stdout).toMatch(/^Usage: kiln build .*<template>/);
  });

  test.each([
    [[], 'Usage: kiln'],
    [['nonesuch'], "error: unknown command 'nonesuch'"],
    [['build', '--nonesuch', 'x'], "error: unknown option '--nonesuch'"],
    [['runs', 'list', '--output', 'xml'], "argument 'xml' is invalid. Allowed choices are text, json."],
    [['build', 'x', '--timeout', '5'], "option '--timeout <duration>' argument '5' is invalid."],
    // A timer of more than 2^31 ms would go off at once.
    [['build', 'x', '--timeout', '9999h'], "option '--timeout <duration>' argument '9999h' is invalid."],
  ])('%j is wrong usage', async (args, said) => {
    const { exitCode, stdout, stderr } = await site.kiln(...args);
    expect(stderr).toContain(said);
    expect([exitCode, stdout]).toEqual([2, '']);
  });
});

test.each([
  ['WrongUsage', 2, ['build', '--nonesuch']],
  ['WrongUsage', 2, ['plan']],
  ['TemplateUnreadable', 2, ['build', 'nonesuch.json']],
  ['TemplateUnreadable', 2, ['plan', 'nonesuch.json']],
  ['TemplateUnreadable', 2, ['validate', 'nonesuch.json']],
  ['RunNotFound', 2, ['runs', 'show', 'nonesuch']],
  ['ImageNotFound', 2, ['image', 'show', 'nonesuch']],
])('with --output json %s is one document, exit code %d (%j)', async (code, exit, args) => {
  // The option comes first: what follows it is what is wrong.
  const [command = '', ...rest] = args;
  const words = ['runs', 'image'].includes(command) ? [command, rest.shift() ?? ''] : [command];
  const { exitCode, stdout } = await site.kiln(...words, '--output', 'json', ...rest);
  expect(exitCode).toBe(exit);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code, message: expect.any(String), todo: expect.any(String) } });
});

test('with --output json an unusable configuration is a document of every command that has the option', async () => {
  await using broken = await cliSite();
  await broken.write('home/config.yaml', 'network: { alow: [] }\n');
  const template = await broken.write('t.json', '{}');
  const commands = [['runs', 'list'], ['runs', 'show'], ['image', 'list'], ['source', 'list'], ['doctor']];
  for (const words of [...commands, ...['build', 'plan', 'validate'].map(name => [name, template])]) {
    const { exitCode, stdout } = await broken.kiln(...words, '--output', 'json');
    expect([exitCode, JSON.parse(stdout)], words.join(' ')).toMatchObject([2, { error: { code: 'ConfigInvalid' } }]);
  }
});

test('an error goes to stderr with what to do, in colour only on a terminal that may have it', async () => {
  const { exitCode, stdout, stderr } = await site.kiln('runs', 'show', 'nonesuch');
  expect(stderr).toMatch(/^error RunNotFound: There is no run `nonesuch`\.\n .*kiln runs list/);
  expect([exitCode, stdout]).toEqual([2, '']);
  const onTerminal = (environment: NodeJS.ProcessEnv) =>
    execa('script', ['-qec', `${KILN} runs show nonesuch`, '/dev/null'], {
      ...{ reject: false, extendEnv: false, stdin: 'ignore' },
      env: { ...site.environment, TERM: 'xterm-256color', ...environment },
    });
  const [coloured, plain] = [await onTerminal({}), await onTerminal({ NO_COLOR: '1' })];
  expect(coloured.stdout).toContain('\x1b[31merror RunNotFound');
  expect(plain.stdout).toContain('error RunNotFound');
  expect(plain.stdout).not.toContain('\x1b[');
  expect([coloured.exitCode, plain.exitCode]).toEqual([2, 2]);
});

test('a reader that leaves early does not make a command fail', async () => {
  const { stdout, stderr } = await execa(
    'bash',
    ['-c', `${KILN} source list --output json | true; echo "\${PIPESTATUS[0]}"`],
    {
      ...{ env: site.environment, extendEnv: false },
    },
  );
  expect([stdout, stderr]).toEqual(['0', '']);
});

test('a configuration with an unknown key is refused by name', async () => {
  await using broken = await cliSite();
  await broken.write('home/config.yaml', 'network: { alow: [] }\n');
  const { exitCode, stderr } = await broken.kiln('runs', 'list');
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`error ConfigInvalid: The configuration ${broken.home.config} is not valid at \`network\``);
});

test('doctor prints what it found, and its exit code says whether a build can run', async () => {
  const { exitCode, stdout } = await site.kiln('doctor', '--output', 'json');
  const findings = JSON.parse(stdout) as readonly { name: string; ok: string; found: string; mend: string }[];
  expect(findings.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['Node.js', 'qemu-img', 'bwrap', 'user namespaces']),
  );
  expect(findings.find(({ name }) => name === 'Node.js')?.ok).toBe('ok');
  for (const { ok, mend } of findings) expect(ok === 'ok' || mend !== '').toBe(true);
  expect(exitCode).toBe(findings.some(({ ok }) => ok === 'missing') ? 3 : 0);
});
