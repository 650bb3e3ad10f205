import { normaliseRegion } from '../distributors/schema-fields.ts';
import type { ErrorDetail } from '../errors/kiln-error.ts';
import { templateError } from '../errors/template.ts';
import { nearest } from './did-you-mean.ts';
import { type JsonDocument, parseJsonDocument, type Segment } from './json-document.ts';
import { API_VERSIONS, type ApiVersion, type ImageTemplate } from './model.ts';
import { isObject } from './names.ts';
import type { PlaceholderDefaults } from './placeholders.ts';
import { createProblems, type Problems } from './problems.ts';
import { orList } from './read.ts';
import { type IdentityRule, readResource } from './read-resource.ts';
import { type FoundResource, findResource } from './resource-in-file.ts';
import { checkResolved } from './unresolved.ts';
import { isApiVersion, NEWEST_VERSION } from './versions.ts';

export interface ParseOptions {
  /** Name of the file: the template's name when it has none, and part of messages. */
  readonly file?: string;
  /** What stands in for the placeholders of published samples. Without it each of them is an error. */
  readonly placeholders?: PlaceholderDefaults;
  /** The version of a template that names none, as the body of a request does. Without it that is an error. */
  readonly defaultVersion?: ApiVersion;
  /** Regions of the site, which count beside the service's own. */
  readonly knownRegions?: readonly string[];
  /** What has to be said of the identity; `optional` when not given. */
  readonly identity?: IdentityRule;
}

export interface ParsedTemplate {
  readonly template: ImageTemplate;
  readonly warnings: readonly ErrorDetail[];
}

/**
 * Reads an image template of any API version: the resource alone, or a deployment template that holds one.
 *
 * @throws KilnError `ValidationFailed`; `details` has every problem with its JSON path, line and column
 */
export function parseTemplate(text: string, options: ParseOptions = {}): ParsedTemplate {
  const document = readDocument(text, options);
  const found = findResource(document.value);
  if (!('problem' in found)) return readFound(document, found, options);
  const problems = createProblems(document, []);
  problems.error('BadValue', found.path, found.problem, { kind: 'bad', value: found.value });
  throw problems.toError('', nameIn(options));
}

/**
 * Reads the image template of a deployment whose expressions have their values already.
 *
 * @param document the file, for the places of problems
 * @param prefix from the top of the file to the resource
 * @throws KilnError `ValidationFailed`, as `parseTemplate`
 */
export function parseResource(
  document: JsonDocument,
  resource: Readonly<Record<string, unknown>>,
  prefix: readonly Segment[],
  options: ParseOptions = {},
): ParsedTemplate {
  return readFound(document, { resource, prefix, language: 'values', others: [] }, options);
}

/**
 * The JSON of a file, with comments as Azure Resource Manager accepts them.
 *
 * @throws KilnError `ValidationFailed` with a `SyntaxError` for each place that is not JSON
 */
export function readDocument(text: string, options: Pick<ParseOptions, 'file'> = {}): JsonDocument {
  const document = parseJsonDocument(text.replace(/^\uFEFF/, ''));
  if ('syntax' in document) throw syntaxError(document.syntax, nameIn(options));
  return document;
}

function readFound(document: JsonDocument, found: FoundResource, options: ParseOptions): ParsedTemplate {
  const problems = createProblems(document, found.prefix);
  for (const path of document.duplicates.filter(one => found.prefix.every((segment, i) => one[i] === segment))) {
    const inside = path.slice(found.prefix.length);
    const message = `\`${inside.at(-1) ?? ''}\` is given more than once.`;
    problems.error('DuplicateField', inside, message, { kind: 'duplicate' });
  }
  for (const position of document.trailingCommas) {
    const message = 'Nothing follows this comma: that is not JSON. It is ignored here, and an error elsewhere.';
    problems.formWarning('TrailingComma', position, message);
  }
  for (const { path, name } of found.others) {
    problems.fileWarning('IgnoredResource', path, `The resource \`${name}\` beside the image template is ignored.`);
  }
  if (found.wrongType !== undefined) {
    const { value, message, tolerable } = found.wrongType;
    if (tolerable) problems.warning('IncompleteType', ['type'], message, 'value');
    else problems.error('BadValue', ['type'], message, { kind: 'bad', value });
  }
  const resource = checkResolved(problems, found.resource, found.language, options.placeholders);
  const version = readVersion(problems, resource, options.defaultVersion);
  // What stands in for a region is one of the site's.
  const site = [...(options.knownRegions ?? []), ...(options.placeholders ? [options.placeholders.location] : [])];
  const reading = { version, problems, regions: site.map(normaliseRegion) };
  const template = readResource(reading, resource, options.identity ?? 'optional', options.file);
  const error = problems.toError(version, nameIn(options));
  if (error !== undefined) throw error;
  if (template === undefined) throw new Error('a template without a problem has no model');
  return { template, warnings: problems.warnings };
}

function nameIn(options: Pick<ParseOptions, 'file'>): string {
  return options.file ?? 'FILE';
}

/** Without a version of the API the newest is what the rest is judged by. */
function readVersion(problems: Problems, resource: unknown, otherwise: ApiVersion | undefined): ApiVersion {
  const entry = Object.entries(isObject(resource) ? resource : {}).find(([k]) => k.toLowerCase() === 'apiversion');
  const version = entry?.[1];
  if (isApiVersion(version)) return version;
  if (otherwise !== undefined && (version === undefined || version === null)) {
    const message = `The template names no \`apiVersion\`. It is read as one of ${otherwise}.`;
    problems.warning('MissingApiVersion', [], message, 'value');
    return otherwise;
  }
  if (version === undefined || version === null) {
    const message = `\`apiVersion\` is needed: ${orList(API_VERSIONS)}.`;
    problems.error('MissingField', ['apiVersion'], message, { kind: 'missing' });
  } else {
    const meant = typeof version === 'string' ? nearest(version, API_VERSIONS) : undefined;
    const hint = meant === undefined ? '' : ` Did you mean \`${meant}\`?`;
    const message = `There is no such API version. There are ${orList(API_VERSIONS)}.${hint}`;
    problems.error('UnsupportedApiVersion', ['apiVersion'], message, { kind: 'bad', value: version });
  }
  return NEWEST_VERSION;
}

function syntaxError(syntax: readonly { message: string; line: number; column: number }[], file: string): Error {
  const details = syntax.map(one => ({ ...one, code: 'SyntaxError', message: `This is not JSON: ${one.message}.` }));
  const [first] = details;
  const where = first === undefined ? '' : ` Line ${first.line}, column ${first.column}.`;
  return templateError(
    'ValidationFailed',
    { first: `${first?.message ?? ''}${where}`, more: details.length - 1, file },
    { details },
  );
}
