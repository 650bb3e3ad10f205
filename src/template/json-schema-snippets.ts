import { inVersion } from './in-version.ts';
import type { JsonSchema } from './json-schema-definitions.ts';
import type { ApiVersion } from './model.ts';
import { isObject } from './names.ts';

/** An object that an editor writes at once; `${1:text}` is where the cursor goes next. A `$` of its own it cannot have. */
interface Snippet {
  readonly label: string;
  readonly body: JsonSchema;
  /** For versions that cannot say the first. */
  readonly orElse?: JsonSchema;
}

const COMPUTE = '/subscriptions/${2:subscription}/resourceGroups/${3:group}/providers/Microsoft.Compute';
const DEFINITION = `${COMPUTE}/galleries/\${4:gallery}/images/\${5:definition}`;

const shell = { type: 'Shell', name: '${1:name}', inline: ['${2:command}'] };
const powerShell = { type: 'PowerShell', name: '${1:name}', runElevated: true, inline: ['${2:command}'] };
const script = { name: '${1:name}', scriptUri: '${2:https://example.com/setup}' };
const file = {
  type: 'File',
  name: '${1:name}',
  sourceUri: '${2:https://example.com/file}',
  destination: '${3:/tmp/file}',
};
const target = { runOutputName: '${1:output}' };

const validators: readonly Snippet[] = [
  { label: 'Shell: commands', body: shell },
  { label: 'Shell: script', body: { type: 'Shell', ...script } },
  { label: 'PowerShell: commands', body: powerShell, orElse: without(powerShell, 'runElevated') },
  { label: 'PowerShell: script', body: { type: 'PowerShell', ...script } },
  { label: 'File', body: file },
];

const SNIPPETS: Readonly<Record<string, readonly Snippet[]>> = {
  'properties.source': [
    {
      label: 'PlatformImage',
      body: {
        ...{ type: 'PlatformImage', publisher: '${1:publisher}', offer: '${2:offer}' },
        ...{ sku: '${3:sku}', version: '${4:latest}' },
      },
    },
    { label: 'ManagedImage', body: { type: 'ManagedImage', imageId: `${COMPUTE}/images/\${4:name}` } },
    {
      label: 'SharedImageVersion',
      body: { type: 'SharedImageVersion', imageVersionId: `${DEFINITION}/versions/latest` },
      orElse: { type: 'SharedImageVersion', imageVersionId: `${DEFINITION}/versions/\${6:1.0.0}` },
    },
  ],
  'properties.customize[]': [
    ...validators,
    { label: 'WindowsRestart', body: { type: 'WindowsRestart', name: '${1:name}', restartTimeout: '${2:5m}' } },
    {
      label: 'WindowsUpdate',
      body: {
        ...{ type: 'WindowsUpdate', name: '${1:name}' },
        ...{ searchCriteria: '${2:BrowseOnly=0 and IsInstalled=0}', updateLimit: 20 },
      },
    },
  ],
  'properties.validate.inVMValidations[]': validators,
  'properties.distribute[]': [
    { label: 'VHD', body: { type: 'VHD', ...target } },
    {
      label: 'ManagedImage',
      body: { type: 'ManagedImage', ...target, imageId: `${COMPUTE}/images/\${4:name}`, location: '${5:region}' },
    },
    {
      label: 'SharedImage',
      body: { type: 'SharedImage', ...target, galleryImageId: DEFINITION, targetRegions: [{ name: '${6:region}' }] },
      orElse: { type: 'SharedImage', ...target, galleryImageId: DEFINITION, replicationRegions: ['${6:region}'] },
    },
  ],
};

/** The snippets for an object of several types, in the names of a version and as far as it has them. */
export function snippetsFor(pattern: string, version: ApiVersion): JsonSchema[] {
  return (SNIPPETS[pattern] ?? []).flatMap(({ label, body, orElse }) => {
    const said = translated(version, pattern, body) ?? (orElse && translated(version, pattern, orElse));
    return said === undefined ? [] : [{ label, body: said }];
  });
}

/** The body in the names of a version; `undefined` when that cannot say all of it. */
function translated(version: ApiVersion, pattern: string, body: JsonSchema): JsonSchema | undefined {
  // The object alone, in a resource that has nothing else: `a.b[]` is `{ a: { b: [body] } }`.
  const resource = pattern
    .split('.')
    .reduceRight<unknown>((inner, name) => ({ [name.replace('[]', '')]: name.endsWith('[]') ? [inner] : inner }), body);
  const { value, lost } = inVersion(version, isObject(resource) ? resource : {});
  if (lost.length > 0) return undefined;
  const found = pattern.split('.').reduce<unknown>((outer, name) => {
    const next = isObject(outer) ? outer[name.replace('[]', '')] : undefined;
    return Array.isArray(next) ? next[0] : next;
  }, value);
  return isObject(found) ? found : undefined;
}

function without(value: JsonSchema, name: string): JsonSchema {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
}
