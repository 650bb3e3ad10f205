import { parse as parsePath } from 'node:path';
import { targetSchemas } from '../distributors/schemas.ts';
import type { DistributeTarget } from '../distributors/targets.ts';
import type { ErrorDetail } from '../errors/kiln-error.ts';
import { templateError } from '../errors/template.ts';
import { customizerSchemas, validatorSchemas } from '../steps/schemas.ts';
import { nearest } from './did-you-mean.ts';
import { parseJsonDocument } from './json-document.ts';
import { API_VERSIONS, type ImageSource, type ImageTemplate } from './model.ts';
import { below, fieldOf, isObject, type Place, type Reading } from './names.ts';
import type { PlaceholderDefaults } from './placeholders.ts';
import { createProblems, type Problems } from './problems.ts';
import { orList, readPart, readVariant, readVariants } from './read.ts';
import { remark } from './remarks.ts';
import { findResource } from './resource-in-file.ts';
import { propertiesSchema, resourceSchema } from './resource-schema.ts';
import { LATEST_GALLERY_VERSION_SINCE } from './since.ts';
import { sourceSchemas } from './source-schema.ts';
import { checkResolved } from './unresolved.ts';
import { isAtLeast, isSupported, SUPPORTED_VERSIONS, type SupportedVersion } from './versions.ts';

export interface ParseOptions {
  /** Name of the file: the template's name when it has none, and part of messages. */
  readonly file?: string;
  /** What stands in for the placeholders of published samples. Without it each of them is an error. */
  readonly placeholders?: PlaceholderDefaults;
}

export interface ParsedTemplate {
  readonly template: ImageTemplate;
  readonly warnings: readonly ErrorDetail[];
}

const DEFAULT_TIMEOUT_MINUTES = 240;

/**
 * Reads an image template of any supported API version: the resource alone, or a deployment template that holds one.
 *
 * @throws KilnError `TemplateInvalid`; `details` has every problem with its JSON path, line and column
 */
export function parseTemplate(text: string, options: ParseOptions = {}): ParsedTemplate {
  const file = options.file ?? 'FILE';
  const document = parseJsonDocument(text.replace(/^\uFEFF/, ''));
  if ('syntax' in document) throw syntaxError(document.syntax, file);
  const found = findResource(document.value);
  if ('problem' in found) {
    const problems = createProblems(document, []);
    problems.error('BadValue', found.path, found.problem, { kind: 'bad', value: found.value });
    throw problems.toError('', file);
  }
  const problems = createProblems(document, found.prefix);
  for (const path of document.duplicates.filter(one => found.prefix.every((segment, i) => one[i] === segment))) {
    const inside = path.slice(found.prefix.length);
    const message = `\`${inside.at(-1) ?? ''}\` is given more than once.`;
    problems.error('DuplicateField', inside, message, { kind: 'duplicate' });
  }
  for (const { path, name } of found.others) {
    problems.fileWarning('IgnoredResource', path, `The resource \`${name}\` beside the image template is ignored.`);
  }
  const resource = checkResolved(problems, found.resource, found.deployment, options.placeholders);
  const version = readVersion(problems, resource);
  if (version === undefined) throw problems.toError('', file);
  const template = readResource({ version, problems }, resource, options.file);
  if (template === undefined) throw problems.toError(version, file);
  return { template, warnings: problems.warnings };
}

/** `undefined` when there is a problem with it; without a version nothing else can be judged. */
function readVersion(problems: Problems, resource: unknown): SupportedVersion | undefined {
  const entry = Object.entries(isObject(resource) ? resource : {}).find(([k]) => k.toLowerCase() === 'apiversion');
  const version = entry?.[1];
  const supported = orList(SUPPORTED_VERSIONS);
  if (typeof version === 'string' && isSupported(version)) return version;
  if (version === undefined || version === null) {
    const message = `\`apiVersion\` is needed: ${supported}.`;
    problems.error('MissingField', ['apiVersion'], message, { kind: 'missing' });
  } else if ((API_VERSIONS as readonly unknown[]).includes(version)) {
    const message = `Kiln does not read API version \`${version}\`. It reads ${supported}.`;
    problems.error('UnsupportedApiVersion', ['apiVersion'], message, { kind: 'bad', value: version });
  } else {
    const meant = typeof version === 'string' ? nearest(version, SUPPORTED_VERSIONS) : undefined;
    const hint = meant === undefined ? '' : ` Did you mean \`${meant}\`?`;
    const message = `There is no such API version. Kiln reads ${supported}.${hint}`;
    problems.error('UnsupportedApiVersion', ['apiVersion'], message, { kind: 'bad', value: version });
  }
  return undefined;
}

function readResource(reading: Reading, resource: unknown, file: string | undefined): ImageTemplate | undefined {
  const top: Place = { path: [], pattern: '' };
  const place = below(top, 'properties');
  const raw = fieldOf(reading, resource, 'properties');
  const envelope = readPart(reading, resourceSchema, resource, top);
  const source = isObject(raw)
    ? readSource(reading, fieldOf(reading, raw, 'source'), below(place, 'source'))
    : undefined;
  const properties = isObject(raw) ? readPart(reading, propertiesSchema, raw, place) : undefined;
  const listed = (of: unknown, name: string): readonly unknown[] => {
    const value = fieldOf(reading, of, name);
    return Array.isArray(value) ? value : [];
  };
  const customize = readVariants(reading, customizerSchemas, listed(raw, 'customize'), below(place, 'customize'));
  const validations = listed(fieldOf(reading, raw, 'validate'), 'inVMValidations');
  const at = below(below(place, 'validate'), 'inVMValidations');
  const inVMValidations = readVariants(reading, validatorSchemas, validations, at);
  const targets = readTargets(reading, listed(raw, 'distribute'), below(place, 'distribute'));
  if (properties?.distribute.length === 0 && !properties.validate.sourceValidationOnly) {
    const message = '`distribute` must name at least one target.';
    reading.problems.error('BadValue', [...place.path, 'distribute'], message, { kind: 'bad', value: [] });
  }
  if (reading.problems.failed || envelope === undefined || properties === undefined || source === undefined) {
    return undefined;
  }
  const { vmProfile, validate, errorHandling } = properties;
  const template: ImageTemplate = {
    apiVersion: reading.version,
    name: envelope.name ?? nameFromFile(file),
    location: envelope.location,
    tags: envelope.tags,
    identities: envelope.identity ?? [],
    source,
    customize,
    validate: { ...validate, inVMValidations },
    distribute: targets.map(target => inRegions(target, envelope.location)),
    vmProfile: {
      vmSize: vmProfile.vmSize,
      osDiskSizeGB: vmProfile.osDiskSizeGB,
      userAssignedIdentities: [],
      vnetConfig: { subnetId: '', containerInstanceSubnetId: '', proxyVmSize: '' },
    },
    optimize: { vmBoot: undefined, workload: { state: undefined, scriptUri: '', sha256Checksum: '' } },
    additionalDataDisks: [],
    autoRun: undefined,
    managedResourceTags: {},
    stagingResourceGroup: '',
    buildTimeoutMinutes: properties.buildTimeoutInMinutes || DEFAULT_TIMEOUT_MINUTES,
    errorHandling,
  };
  const identity = fieldOf(reading, resource, 'identity');
  remark(reading.problems, template, isObject(identity) && fieldOf(reading, identity, 'type') !== undefined);
  return template;
}

function readSource(reading: Reading, value: unknown, place: Place): ImageSource | undefined {
  const source = readVariant(reading, sourceSchemas, value, place);
  if (source?.type !== 'SharedImageVersion' || !/\/latest$/i.test(source.imageVersionId)) return source;
  if (isAtLeast(reading.version, LATEST_GALLERY_VERSION_SINCE)) return source;
  const message = `\`latest\` is understood from API version ${LATEST_GALLERY_VERSION_SINCE} on; name a version.`;
  const bad = { kind: 'bad' as const, value: source.imageVersionId };
  reading.problems.error('BadValue', [...place.path, 'imageVersionId'], message, bad);
  return undefined;
}

function readTargets(reading: Reading, values: readonly unknown[], place: Place): DistributeTarget[] {
  const seen = new Map<string, number>();
  values.forEach((value, i) => {
    const name = fieldOf(reading, value, 'runOutputName');
    if (typeof name !== 'string') return;
    // Names are compared as Azure compares resource names: without case.
    const first = seen.get(name.toLowerCase());
    if (first === undefined) {
      seen.set(name.toLowerCase(), i);
      return;
    }
    const message = `\`runOutputName\` must be unique: \`distribute[${first}]\` has the same.`;
    const path = [...place.path, i, 'runOutputName'];
    reading.problems.error('BadValue', path, message, { kind: 'bad', value: name });
  });
  return readVariants(reading, targetSchemas, values, place);
}

/** A gallery version goes to the template's region when none is named. */
function inRegions(target: DistributeTarget, location: string): DistributeTarget {
  if (target.type !== 'SharedImage' || target.targetRegions.length > 0) return target;
  return { ...target, targetRegions: [{ name: location, replicaCount: 1, storageAccountType: 'Standard_LRS' }] };
}

function nameFromFile(file: string | undefined): string {
  const stem = parsePath(file ?? '')
    .name.replace(/[^A-Za-z0-9-_.]/g, '-')
    .slice(0, 64);
  return stem === '' ? 'template' : stem;
}

function syntaxError(syntax: readonly { message: string; line: number; column: number }[], file: string): Error {
  const details = syntax.map(one => ({ ...one, code: 'SyntaxError', message: `This is not JSON: ${one.message}.` }));
  const [first] = details;
  const where = first === undefined ? '' : ` Line ${first.line}, column ${first.column}.`;
  return templateError(
    'TemplateInvalid',
    { first: `${first?.message ?? ''}${where}`, more: details.length - 1, file },
    { details },
  );
}
