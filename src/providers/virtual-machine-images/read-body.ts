import { armError } from '../../errors/arm.ts';
import { throwAll } from '../../errors/attempts.ts';
import type { ErrorDetail, KilnError } from '../../errors/kiln-error.ts';
import { artifactNeeds } from '../../plan/plan.ts';
import type { ApiVersion, ImageTemplate } from '../../template/model.ts';
import { parseResource, readDocument } from '../../template/parse.ts';
import { createProblems } from '../../template/problems.ts';
import { isStrict } from '../../template/versions.ts';
import { isObject } from '../request-body.ts';
import { TEMPLATE_TYPE } from './places.ts';

type Json = Readonly<Record<string, unknown>>;

export interface ReadTemplate {
  readonly template: ImageTemplate;
  readonly warnings: readonly ErrorDetail[];
  /** What the client wrote in `properties`, without what no client decides and what its version does not define. */
  readonly properties: Json;
  readonly identity: Json | undefined;
}

/** What the service sets, and clients send back to it. */
const READ_ONLY = ['provisioningState', 'provisioningError', 'lastRunStatus', 'exactStagingResourceGroup'];

/**
 * Reads the body of a `PUT`.
 *
 * @throws KilnError `ValidationFailed` with every problem; `InvalidParameter` for files of this machine
 */
export function readTemplateBody(
  text: string,
  body: unknown,
  of: { readonly name: string; readonly apiVersion: ApiVersion; readonly regions: readonly string[] },
): ReadTemplate {
  const { name, apiVersion } = of;
  const document = readDocument(text, { file: name });
  const given = isObject(body) ? body : {};
  // A file may say its version and its type; what is sent to the service is what is in the file's other members.
  const envelope = Object.keys(given).find(key => key.toLowerCase() === 'apiversion');
  if (envelope !== undefined && isStrict(apiVersion)) {
    const problems = createProblems(document, []);
    const message = '`apiVersion` is a parameter of the request, not a part of its body.';
    problems.error('UnknownField', [envelope], message, { kind: 'unknown' });
    throw problems.toError(apiVersion, name);
  }
  const resource = { ...given, type: TEMPLATE_TYPE, apiVersion, name };
  const { template, warnings } = parseResource(document, resource, [], {
    file: name,
    knownRegions: of.regions,
    identity: 'assigned',
  });
  refuseLocalFiles(template);
  return {
    template,
    warnings,
    properties: cleaned(given['properties'], warnings),
    identity: isObject(given['identity']) ? given['identity'] : undefined,
  };
}

/** The service's files are none of a template's. */
function refuseLocalFiles(template: ImageTemplate): void {
  const local = artifactNeeds(template).filter(({ uri }) => !/^https?:/i.test(uri));
  throwAll(
    local.map(({ uri, path }): KilnError => {
      const reason = `\`${uri}\` is not an http or https address, and the service reads no files of its own machine`;
      return armError('InvalidParameter', { name: path, reason }, { target: path });
    }),
  );
}

/** What is echoed to clients: without read-only members, and without what the parser warned about as unknown. */
function cleaned(properties: unknown, warnings: readonly ErrorDetail[]): Json {
  const unknown = new Set(
    warnings.flatMap(({ code, target }) =>
      code === 'UnknownField' && target !== undefined ? [target.toLowerCase()] : [],
    ),
  );
  const walk = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((one, i) => walk(one, `${path}[${i}]`));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => !unknown.has(`${path}.${key}`.toLowerCase()))
        .map(([key, item]) => [key, walk(item, `${path}.${key}`)]),
    );
  };
  const kept = walk(isObject(properties) ? properties : {}, 'properties') as Json;
  const source = kept['source'];
  return {
    ...Object.fromEntries(Object.entries(kept).filter(([key]) => !READ_ONLY.includes(key))),
    ...(isObject(source) ? { source: without(source, 'exactVersion') } : {}),
  };
}

function without(value: Json, member: string): Json {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== member));
}
