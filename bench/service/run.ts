// The service against a bare Fastify route that answers with the same bytes. docs/benchmark.md says what is the same and what is not.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseSiteConfig } from '../../src/config/site-config.ts';
import { kilnHome } from '../../src/home/kiln-home.ts';
import { acceptRun, endRun } from '../../src/store/runs.ts';
import { openStore } from '../../src/store/store.ts';
import { type Asked, type Load, loadSchema } from './load.ts';
import { type BenchedService, residentMiB, runLoad, startPeer, startService } from './site.ts';

const GROUP = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/bench';
const TEMPLATES = `${GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates`;
const IDENTITY = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/bench`;
const NETWORKS = `${GROUP}/providers/Microsoft.Network/virtualNetworks`;
const VERSION = 'api-version=2024-02-01';
const COUNT = 1000;
const RUNS = 10_000;
const CONNECTIONS = 8;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

const network = { location: 'local', properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] }, subnets: [] } };
const template = {
  location: 'local',
  tags: { team: 'bench' },
  identity: { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY]: {} } },
  properties: {
    source: { type: 'PlatformImage', publisher: 'Debian', offer: 'debian-12', sku: '12-gen2', version: 'latest' },
    customize: [
      { type: 'Shell', name: 'update', inline: ['sudo apt-get update', 'sudo apt-get install -y nginx'] },
      { type: 'Shell', name: 'configure', inline: ['sudo systemctl enable nginx'] },
    ],
    distribute: [{ type: 'VHD', runOutputName: 'disk', artifactTags: { a: 'b' } }],
    vmProfile: { vmSize: 'Standard_B2s' },
  },
};

const root = await mkdtemp(join(tmpdir(), 'kiln-bench-'));
// The build user has to get to the home in it.
await chmod(root, 0o755);
const home = join(root, 'home');
try {
  await using service = await startService(home);
  console.log(
    `${availableParallelism()} processors, load ${loadavg()[0]?.toFixed(1)}, ${rounds} rounds of ${seconds} s, ${CONNECTIONS} connections`,
  );
  console.log(`memory, idle: ${await residentMiB(service.pid)} MiB`);
  await fill(service);
  console.log(`memory, ${COUNT} templates made: ${await residentMiB(service.pid)} MiB`);
  await history();
  await service.ask('GET', `${TEMPLATES}?${VERSION}`);
  console.log(`memory, ${RUNS} runs of history and a list: ${await residentMiB(service.pid)} MiB`);
  const files = {
    get: await kept('get', await service.ask('GET', `${TEMPLATES}/t1?${VERSION}`)),
    list: await kept('list', await service.ask('GET', `${TEMPLATES}?${VERSION}`)),
    put: await kept('put', await service.ask('PUT', `${NETWORKS}/first?api-version=2022-01-01`, network)),
  };
  await using peer = await startPeer(home, { '/get': files.get, '/list': files.list, '/put': files.put });
  const bearer = { authorization: `Bearer ${service.token}` };
  const json = { 'content-type': 'application/json' };
  const jobs: readonly (readonly [name: string, ours: Partial<Asked>, theirs: Partial<Asked>])[] = [
    ['GET template', { path: `${TEMPLATES}/t1?${VERSION}`, headers: bearer }, { path: '/get' }],
    [`list of ${COUNT}`, { path: `${TEMPLATES}?${VERSION}`, headers: bearer }, { path: '/list' }],
    [
      'PUT, durable',
      {
        path: `${NETWORKS}/n{n}?api-version=2022-01-01`,
        method: 'PUT',
        headers: { ...bearer, ...json },
        body: JSON.stringify(network),
      },
      { path: '/put', method: 'PUT', headers: json, body: JSON.stringify(network) },
    ],
  ];
  for (const [name, ours, theirs] of jobs) {
    const pairs: (readonly [Load, Load])[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const common = {
        connections: CONNECTIONS,
        seconds,
        method: 'GET',
        headers: {},
        ca: service.authority,
        first: round * 1_000_000,
      };
      const kiln = loadSchema.parse(JSON.parse(await runLoad({ ...common, url: service.url, ...ours })));
      const bare = loadSchema.parse(JSON.parse(await runLoad({ ...common, url: peer.url, ...theirs })));
      if (kiln.failed + bare.failed > 0) throw new Error(`${name}: ${kiln.failed} and ${bare.failed} requests failed`);
      pairs.push([kiln, bare]);
    }
    console.log(line(name, pairs));
  }
} finally {
  await rm(root, { recursive: true, force: true });
}

function line(name: string, pairs: readonly (readonly [Load, Load])[]): string {
  const ratios = pairs.map(([kiln, bare]) => bare.perSecond / kiln.perSecond).sort((a, b) => a - b);
  const show = (side: 0 | 1) => {
    const of = (what: keyof Load) => median(pairs.map(pair => pair[side][what])).toFixed(what === 'perSecond' ? 0 : 2);
    return `${of('perSecond')}/s p50 ${of('p50Ms')} ms p99 ${of('p99Ms')} ms`;
  };
  const spread = `${ratios[0]?.toFixed(2)}-${ratios.at(-1)?.toFixed(2)}`;
  return `${name}: Kiln ${show(0)}; bare ${show(1)}; time ratio ${median(ratios).toFixed(2)} (${spread})`;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

async function fill(service: BenchedService): Promise<void> {
  await service.ask('PUT', `${GROUP}?api-version=2021-04-01`, { location: 'local' });
  await service.ask('PUT', `${IDENTITY}?api-version=2023-01-31`, { location: 'local' });
  for (let first = 1; first <= COUNT; first += CONNECTIONS) {
    const names = Array.from({ length: Math.min(CONNECTIONS, COUNT - first + 1) }, (_, i) => `t${first + i}`);
    await Promise.all(names.map(name => service.ask('PUT', `${TEMPLATES}/${name}?${VERSION}`, template)));
  }
  for (;;) {
    const { value } = JSON.parse(await service.ask('GET', `${TEMPLATES}?${VERSION}`)) as {
      value: { properties: { provisioningState: string } }[];
    };
    if (value.every(({ properties }) => properties.provisioningState === 'Succeeded')) return;
    await new Promise(resolve => setTimeout(resolve, 500));
  }
}

/** Runs that ended long ago, as if they had been. */
async function history(): Promise<void> {
  const store = await openStore(kilnHome({ KILN_HOME: home }), parseSiteConfig('', 'config.yaml'));
  try {
    for (let first = 0; first < RUNS; first += 500) {
      await store.write(async trx => {
        for (let n = first; n < first + 500; n += 1) {
          const id = crypto.randomUUID();
          const at = new Date(1_700_000_000_000 + n * 60_000).toISOString();
          await acceptRun(trx, {
            id,
            templateKey: `${TEMPLATES}/t${(n % COUNT) + 1}`.toLowerCase(),
            templateName: `t${(n % COUNT) + 1}`,
            operationId: id.toUpperCase(),
            correlationId: id,
            acceptedAt: at,
            request: { templateText: JSON.stringify(template) },
            cpus: 1,
            memoryMiB: 1024,
          });
          await endRun(trx, id, { status: 'Succeeded', endedAt: at, result: { seconds: 60, error: null } });
        }
      });
    }
  } finally {
    await store.close();
  }
}

async function kept(name: string, text: string): Promise<string> {
  const file = join(root, name);
  await writeFile(file, text);
  return file;
}
