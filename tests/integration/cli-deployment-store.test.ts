import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { declareDefinition, declareGallery } from '../../src/galleries/declare.ts';
import { runDirectory } from '../../src/home/run-directory.ts';
import { listRuns } from '../../src/store/runs.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { addSmallSource, type CliSite, cliSite } from './cli-fixture.ts';

const GROUP = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/kiln';
const GALLERY = { type: 'Microsoft.Compute/galleries', apiVersion: '2022-03-03' };
const DEFINITION = { type: 'Microsoft.Compute/galleries/images', apiVersion: '2022-03-03' };
const KIND = { osType: 'Linux', osState: 'Generalized', hyperVGeneration: 'V2' };
const IDENTIFIER = { publisher: 'Site', offer: 'web', sku: '12' };
const GALLERY_ID = "[resourceId('Microsoft.Compute/galleries', 'main')]";
const DEFINITION_ID = "[resourceId('Microsoft.Compute/galleries/images', 'main', 'web')]";

let site: CliSite;
beforeAll(async () => {
  site = await cliSite();
  expect(await addSmallSource(site, 'Test:small:disk')).toMatchObject({ exitCode: 0 });
});
afterAll(() => site[Symbol.asyncDispose]());

async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(site.home, { regions: {} });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

function galleriesOf(store: Store) {
  return store.db.selectFrom('galleries').select('id').execute();
}

function deployment(resources: unknown, more: object = {}): object {
  const schema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';
  return { $schema: schema, contentVersion: '1.0.0.0', resources, ...more };
}

function imageTemplate({ dependsOn = [], tags = {}, properties = {} }: Record<string, unknown>): object {
  return {
    ...{ type: 'Microsoft.VirtualMachineImages/imageTemplates', apiVersion: '2025-10-01', name: 'web', dependsOn },
    ...{ location: 'local', identity: { type: 'None' } },
    properties: {
      source: { type: 'PlatformImage', publisher: 'Test', offer: 'small', sku: 'disk', version: 'latest' },
      distribute: [
        {
          ...{ type: 'SharedImage', runOutputName: 'x', targetRegions: [{ name: 'local' }] },
          ...{ galleryImageId: DEFINITION_ID, artifactTags: tags },
        },
      ],
      ...(properties as object),
    },
  };
}

function gallery(more: object = {}): object {
  return { ...GALLERY, name: 'main', location: 'local', ...more };
}

function definition(kind: object = {}, dependsOn: readonly string[] = [GALLERY_ID]): object {
  const properties = { ...KIND, identifier: IDENTIFIER, ...kind };
  return { ...DEFINITION, name: 'main/web', location: 'local', dependsOn, properties };
}

interface PlanDocument {
  readonly targets: readonly { readonly artifactTags: Record<string, string> }[];
}

interface Validated {
  readonly valid: boolean;
  readonly warnings: readonly { readonly code: string; readonly target: string; readonly line: number }[];
}

describe('what a deployment declares', () => {
  test('counts as there, and is not made before it is built', async () => {
    await site.write('home/config.yaml', 'aliases:\n  Debian:debian-12:12-gen2: Test:small:disk\n');
    await cp(join(import.meta.dirname, '../../examples/deployment'), join(site.root, 'deployment'), {
      recursive: true,
    });
    const file = join(site.root, 'deployment/azuredeploy.json');
    for (const command of ['plan', 'validate']) {
      const { exitCode, stderr } = await site.kiln(command, '--strict', file, '--param', 'imageName=web');
      expect(exitCode, stderr).toBe(0);
      expect(stderr).not.toContain('dependsOn');
    }
    expect(await withStore(galleriesOf)).toEqual([]);
    // Without the definition there is nothing to publish to.
    const given = ['--param', 'imageName=web', '--param', 'withGallery=false'];
    const missing = await site.kiln('plan', '--strict', file, ...given);
    expect([missing.exitCode, missing.stderr]).toEqual([2, expect.stringContaining('ResourceGroupMissing')]);
  });

  test.each([
    ['generation', { hyperVGeneration: 'V1' }, 'is for Linux, generation V1; this image is Linux, generation V2'],
    ['system', { osType: 'Windows' }, 'is for Windows, generation V2'],
    ['architecture', { architecture: 'Arm64' }, 'is for Arm64 images; this image is x64'],
    ['state', { osState: 'Specialized' }, 'is for Specialized images'],
    [
      'security type',
      { features: [{ name: 'SecurityType', value: 'ConfidentialVM' }] },
      'is for security type ConfidentialVM',
    ],
  ])('is refused before it is made when it is for images of another %s', async (name, kind, message) => {
    const resources = [gallery(), definition(kind), imageTemplate({ dependsOn: [DEFINITION_ID] })];
    const file = await site.write(`other-${name}.json`, deployment(resources));
    const { exitCode, stderr } = await site.kiln('validate', file);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('ImageDefinitionMismatch')]);
    expect(stderr).toContain(message);
    expect(await withStore(galleriesOf)).toEqual([]);
  });

  test('is refused by a build before it is made, and no secret is kept with the run', async () => {
    const tags = { managedResourceTags: { owner: "[parameters('pw')]" } };
    const resources = [gallery(), definition({ osType: 'Windows' }), imageTemplate({ properties: tags })];
    const parameters = { parameters: { pw: { type: 'secureString', defaultValue: 'hunter22-in-the-file' } } };
    const file = await site.write('build.json', deployment(resources, parameters));
    const { exitCode, stderr } = await site.kiln('build', file);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('ImageDefinitionMismatch')]);
    expect(await withStore(galleriesOf)).toEqual([]);
    const [run] = await withStore(listRuns);
    expect(run?.result).toMatchObject({ managedResourceTags: { owner: '***' } });
    const kept = await readFile(runDirectory(join(site.home.runs, run?.id ?? '')).template, 'utf8');
    expect(kept).toContain('"defaultValue": "***"');
    expect(JSON.stringify([run, stderr])).not.toContain('hunter22');
  });

  test('without a `dependsOn` for it is warned about, with the place', async () => {
    const resources = [definition({}, []), imageTemplate({}), gallery()];
    const file = await site.write('order.json', deployment(resources));
    const { warnings } = (await site.json('validate', file)) as Validated;
    expect(warnings.map(({ code, target }) => [code, target])).toEqual([
      ['MissingDependsOn', 'properties.distribute[0].galleryImageId'],
      ['MissingDependsOn', 'resources[0]'],
    ]);
    for (const { line } of warnings) expect(line).toBeGreaterThan(1);
    const inOrder = [definition(), imageTemplate({ dependsOn: [DEFINITION_ID] }), gallery()];
    expect(await site.json('validate', await site.write('in-order.json', deployment(inOrder)))).toMatchObject({
      warnings: [],
    });
  });

  test('is in order when it is in a deployment that the template waits for', async () => {
    const inner = {
      ...{ type: 'Microsoft.Resources/deployments', apiVersion: '2022-09-01', name: 'inner' },
      properties: { mode: 'Incremental', template: deployment([gallery(), definition()]) },
    };
    const id = "[resourceId('Microsoft.Resources/deployments', 'inner')]";
    const generation = `[reference(${DEFINITION_ID.slice(1, -1)}, '2022-03-03').hyperVGeneration]`;
    const waits = imageTemplate({ dependsOn: [id], tags: { generation } });
    const file = await site.write('inner.json', deployment([waits, inner]));
    expect(await site.json('validate', file)).toMatchObject({ warnings: [] });
    const { targets } = (await site.json('plan', file)) as PlanDocument;
    expect(targets[0]?.artifactTags).toEqual({ generation: 'V2' });
    const hasty = deployment([imageTemplate({}), inner]);
    const { warnings } = (await site.json('validate', await site.write('hasty.json', hasty))) as Validated;
    expect(warnings).toMatchObject([{ code: 'MissingDependsOn' }]);
  });

  test('shows what it will be to the rest of the deployment', async () => {
    const of = (id: string, what: string) => `[reference(${id.slice(1, -1)}).${what}]`;
    const tags = {
      gallery: of(GALLERY_ID, 'identifier.uniqueName'),
      sku: of(DEFINITION_ID, 'identifier.sku'),
      eula: of(DEFINITION_ID, 'eula'),
    };
    const resources = [gallery(), definition({ eula: 'none' }), imageTemplate({ tags })];
    const { targets } = (await site.json(
      'plan',
      await site.write('shown.json', deployment(resources)),
    )) as PlanDocument;
    const gallery_ = '00000000-0000-0000-0000-000000000000-MAIN';
    expect(targets[0]?.artifactTags).toEqual({ gallery: gallery_, sku: '12', eula: 'none' });
  });

  test('is told all that is wrong with it, and what of it has no effect', async () => {
    const wrong = definition({ osType: 'BSD', identifier: undefined, endOfLifeDate: 'soon' }, []);
    const refused = await site.kiln('validate', '--offline', await site.write('wrong.json', deployment([wrong])));
    expect(refused.exitCode).toBe(2);
    for (const property of ['osType', 'identifier', 'endOfLifeDate']) {
      expect(refused.stderr).toMatch(
        new RegExp(`wrong\\.json:\\d+:\\d+: error: .*\\(resources\\[0\\]\\.properties\\.${property}\\)`),
      );
    }
    const idle = [gallery({ properties: { softDeletePolicy: { isSoftDeleteEnabled: true } } }), imageTemplate({})];
    const { stderr } = await site.kiln('validate', '--offline', await site.write('idle.json', deployment(idle)));
    expect(stderr).toMatch(
      /idle\.json:\d+:\d+: warning: `softDeletePolicy` .* \(resources\[0\]\.properties\.softDeletePolicy\)/,
    );
  });
});

describe('what is in the store', () => {
  beforeAll(() =>
    withStore(async store => {
      const at = { subscription: GROUP.split('/')[2] ?? '', resourceGroup: 'kiln', gallery: 'Kept' };
      const options = { strict: false, emit: () => undefined };
      const declared = { location: 'westus2', tags: { team: 'db' } };
      await declareGallery(store, { ...declared, id: at, description: 'all of them' }, options);
      await declareDefinition(
        store,
        {
          ...{ ...declared, id: { ...at, definition: 'Web' }, os: 'Linux', osState: 'Generalized', generation: 'V2' },
          ...{ architecture: 'x64', identifier: IDENTIFIER, features: [], plan: undefined, details: { eula: 'kept' } },
        },
        options,
      );
    }),
  );

  const KEPT = "resourceId('Microsoft.Compute/galleries/images', 'kept', 'web')";

  test('is what `reference` finds, in the shape of its API version', async () => {
    const tags = {
      sku: `[reference(${KEPT}, '2022-03-03').identifier.sku]`,
      id: `[reference(${KEPT}, '2022-03-03', 'Full').id]`,
      location: `[reference(resourceId('Microsoft.Compute/galleries', 'kept'), '2022-03-03', 'Full').location]`,
      old: `[string(contains(reference(${KEPT}, '2018-06-01'), 'hyperVGeneration'))]`,
      // What the first answer names is looked up as well.
      twice: `[reference(resourceId('Microsoft.Compute/galleries', reference(${KEPT}, '2022-03-03').eula), '2022-03-03').description]`,
    };
    const file = await site.write('existing.json', deployment([imageTemplate({ tags })]));
    const { targets } = (await site.json('plan', file)) as PlanDocument;
    expect(targets[0]?.artifactTags).toEqual({
      ...{ sku: '12', location: 'westus2', old: 'False', twice: 'all of them' },
      id: `${GROUP}/providers/Microsoft.Compute/galleries/Kept/images/Web`,
    });
  });

  test('is what an `existing` resource is', async () => {
    const resources = {
      kept: { existing: true, ...DEFINITION, name: 'kept/web' },
      template: imageTemplate({ tags: { offer: "[reference('kept').identifier.offer]" } }),
    };
    const file = await site.write('symbolic.json', deployment(resources, { languageVersion: '2.0' }));
    const { targets } = (await site.json('plan', file)) as PlanDocument;
    expect(targets[0]?.artifactTags).toEqual({ offer: 'web' });
  });

  test('is all there is: anything else is not found, and no home is made to look', async () => {
    const tags = { none: `[reference(${KEPT.replace("'web'", "'none'")}, '2022-03-03').eula]` };
    const file = await site.write('none.json', deployment([imageTemplate({ tags })]));
    for (const more of [[], ['--offline']]) {
      const { exitCode, stderr } = await site.kiln('validate', file, ...more);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining('ResourceNotFound')]);
    }
    await using empty = await cliSite();
    const found = deployment([imageTemplate({ tags: { eula: `[reference(${KEPT}, '2022-03-03').eula]` } })]);
    const { exitCode, stderr } = await empty.kiln('validate', '--offline', await empty.write('none.json', found));
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('ResourceNotFound')]);
    expect(existsSync(empty.home.database)).toBe(false);
  });
});
