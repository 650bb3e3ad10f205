import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SETTINGS, type ServiceConfigSources, serviceConfig } from './service-config.ts';
import { parseSiteConfig } from './site-config.ts';

function read(file: string, environment: NodeJS.ProcessEnv = {}, flags: Record<string, string> = {}) {
  const { service, location } = parseSiteConfig(file, 'config.yaml');
  const sources: ServiceConfigSources = {
    ...{ file: service, fileName: 'config.yaml', siteLocation: location, environment },
    flags: new Map(Object.entries(flags)),
  };
  return serviceConfig(sources);
}

test('without any setting the service listens on loopback', () => {
  expect(read('location: westeurope')).toEqual({
    host: '127.0.0.1',
    port: 8443,
    publicUrl: undefined,
    tls: { own: undefined, names: [] },
    location: 'westeurope',
    onStop: 'hand-back',
    concurrency: { runs: undefined, cpus: undefined, memoryMiB: undefined },
    allowUpdates: false,
    strictConflict: false,
    triggers: { pollMinutes: 60 },
    retention: { runsDays: undefined, runsPerTemplate: undefined },
    logLevel: 'info',
  });
});

const FILE = `service:
  port: 1
  host: file
  tls: { names: [a], cert: c.pem, key: k.pem }
  concurrency: { runs: 1, cpus: 8 }
  retention: { runsDays: 30 }
  onStop: finish
  allowUpdates: true
`;

test('flags go before the environment, the environment before the file, each setting by itself', () => {
  const environment = {
    KILN_PORT: '2',
    KILN_HOST: 'environment',
    KILN_MAX_RUNS: '2',
    KILN_TLS_NAMES: 'b, c,',
    KILN_ON_STOP: '',
  };
  expect(read(FILE, environment, { port: '0', 'retention.runsPerTemplate': '5', allowUpdates: 'false' })).toMatchObject(
    {
      port: 0,
      host: 'environment',
      tls: { own: { cert: 'c.pem', key: 'k.pem' }, names: ['b', 'c'] },
      concurrency: { runs: 2, cpus: 8 },
      retention: { runsDays: 30, runsPerTemplate: 5 },
      onStop: 'finish',
      allowUpdates: false,
    },
  );
});

test.each<[string, NodeJS.ProcessEnv, Record<string, string>, RegExp]>([
  ['', { KILN_PORT: 'https' }, {}, /The environment variable KILN_PORT is not valid: `https` is not a whole number/],
  ['', {}, { port: '70000' }, /The option --port is not valid: .*65535/],
  ['', {}, { onStop: 'wait' }, /The option --on-stop is not valid: .*hand-back/],
  ['', { KILN_ALLOW_UPDATES: '1' }, {}, /KILN_ALLOW_UPDATES is not valid: `1` is neither `true` nor `false`/],
  ['', { KILN_MAX_RUNS: '0' }, {}, /KILN_MAX_RUNS is not valid/],
  ['', {}, { publicUrl: 'http://kiln.example' }, /--public-url is not valid: it has to begin with https/],
  ['', {}, { publicUrl: 'https://kiln.example/api' }, /--public-url is not valid: it is https:\/\/, a name/],
  ['', {}, { publicUrl: 'kiln' }, /`kiln` is not a URL/],
  [
    'service: { tls: { cert: c.pem } }',
    {},
    {},
    /`service.tls.cert` of config.yaml is not valid: `tls.key` has to be set too/,
  ],
])('%j with %j and %j is refused with the place of the mistake', (file, environment, flags, message) => {
  expect(() => read(file, environment, flags)).toThrow(message);
});

test('the file is checked with its path', () => {
  expect(() => parseSiteConfig('service: { port: eight }', 'config.yaml')).toThrow(
    /config.yaml is not valid at `service.port`/,
  );
  expect(() => parseSiteConfig('service: { prot: 1 }', 'config.yaml')).toThrow(/not valid at `service`.*prot/);
});

test('a public URL loses the slash at its end', () => {
  expect(read('', {}, { publicUrl: 'https://Kiln.example:9443/' }).publicUrl).toBe('https://kiln.example:9443');
});

test('docs/service.md names every setting, its variable and its flag, and no other', () => {
  const page = readFileSync(new URL('../../docs/service.md', import.meta.url), 'utf8');
  const section = page.split('\n## Settings\n')[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| `(.*?)` \| `(.*?)` \| `(.*?)` \|/gm)].map(([, ...cells]) => cells);
  expect(rows).toEqual(SETTINGS.map(({ path, environment, flag }) => [path, environment, flag.split(' ')[0]]));
});
