import type { SourceDisk } from '../sources/source-disk.ts';
import type { FetchedArtifact } from '../steps/step.ts';
import { DEFINITION_ID, example, SHA, text } from '../template/example.fixture.ts';
import type { ImageTemplate } from '../template/model.ts';
import { parseTemplate } from '../template/parse.ts';
import { artifactNeeds, type ResolvedInputs } from './plan.ts';

export const GIB = 1024 ** 3;

export const source: SourceDisk = {
  path: '/var/lib/kiln/sources/x.qcow2',
  digest: `kd1:${'0'.repeat(64)}`,
  virtualSizeBytes: 8 * GIB,
  dataDisks: [],
  name: 'Debian:debian-12:12-gen2:latest',
  exactName: 'Debian:debian-12:12-gen2:12.20260101.1',
  exactVersion: '12.20260101.1',
  os: 'Linux',
  generation: 'V2',
  devices: { disk: 'virtio', nic: 'virtio' },
  defaultUser: undefined,
};

/** A template that uses a little of everything. */
export function template(
  properties: Record<string, unknown> = {},
  resource: Record<string, unknown> = {},
): ImageTemplate {
  const changed = {
    customize: [
      { type: 'Shell', scriptUri: 'https://example.com/setup.sh?sig=secret', sha256Checksum: SHA },
      { type: 'Shell', name: 'greet', inline: ['echo hello', 'cat <<E\nx\nE'] },
      { type: 'File', sourceUri: 'site.conf', destination: '/tmp/site.conf' },
    ],
    validate: { continueDistributeOnFailure: true, inVMValidations: [{ type: 'Shell', scriptUri: 'check.sh' }] },
    distribute: [
      { type: 'VHD', runOutputName: 'disk', artifactTags: { team: 'web' } },
      {
        type: 'SharedImage',
        runOutputName: 'gallery',
        galleryImageId: DEFINITION_ID,
        targetRegions: [{ name: 'eastus' }],
      },
    ],
    ...properties,
  };
  const value = example(changed, resource);
  return parseTemplate(text(value), { file: 'web.json' }).template;
}

/** What the build would have resolved for the template. */
export function resolved(of: ImageTemplate, changes: Partial<ResolvedInputs> = {}): ResolvedInputs {
  const artifacts = artifactNeeds(of).map(({ uri }): [string, FetchedArtifact] => [
    uri,
    { uri, path: `/run/${uri}`, sha256: SHA, sizeBytes: 1024 },
  ]);
  return { source, artifacts: new Map(artifacts), host: { cpus: 2, memoryMiB: 8192 }, ...changes };
}
