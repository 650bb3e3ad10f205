import { createHash } from 'node:crypto';
import { createScanner } from 'jsonc-parser';
import { armError } from '../../../errors/arm.ts';
import { deploymentError } from '../../../errors/deployments.ts';
import { parseJsonDocument } from '../../../template/json-document.ts';
import { isObject, objectIn, tagsIn } from '../../request-body.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a request wants to have deployed. */
export interface DeploymentBody {
  readonly template: Json;
  /** As a parameters file has them: `{ value }` by name. */
  readonly parameters: Json;
  readonly mode: 'Incremental' | 'Complete';
  readonly tags: Readonly<Record<string, string>>;
  /** Of a what-if: whether it is to say more than the ids of what changes. */
  readonly resultFormat: 'ResourceIdOnly' | 'FullResourcePayloads';
}

/**
 * Reads the body of a deployment. `az` puts the text of the template's file into it as it is, comments and all, behind a name without
 * quotes.
 *
 * @throws KilnError `InvalidRequestContent`, `InvalidParameter`, `DeploymentFeatureUnsupported`
 */
export function deploymentBody(text: string): DeploymentBody {
  const document = parseJsonDocument(quoteTemplate(text.replace(/^\uFEFF/, '')));
  if ('syntax' in document) {
    const [first] = document.syntax;
    const reason =
      first === undefined ? 'it is no JSON' : `${first.message} (line ${first.line}, column ${first.column})`;
    throw armError('InvalidRequestContent', { reason });
  }
  const properties = objectIn(document.value, 'properties');
  for (const link of ['templateLink', 'parametersLink', 'onErrorDeployment']) {
    if (properties[link] === undefined || properties[link] === null) continue;
    const message = `\`${link}\` is not supported: the service fetches no templates.`;
    throw deploymentError('DeploymentFeatureUnsupported', { message });
  }
  const { template } = properties;
  if (!isObject(template)) {
    throw armError('InvalidRequestContent', { reason: '`properties.template` is not there, or is not an object' });
  }
  const [mode] = (['Incremental', 'Complete'] as const).filter(
    one => one.toLowerCase() === String(properties['mode'] ?? 'Incremental').toLowerCase(),
  );
  if (mode === undefined) {
    throw armError('InvalidParameter', { name: 'properties.mode', reason: 'it is neither Incremental nor Complete' });
  }
  const { resultFormat } = objectIn(properties, 'whatIfSettings');
  return {
    template,
    parameters: givenParameters(objectIn(properties, 'parameters')),
    mode,
    tags: tagsIn(document.value),
    resultFormat: String(resultFormat).toLowerCase() === 'resourceidonly' ? 'ResourceIdOnly' : 'FullResourcePayloads',
  };
}

/** A number that is the same for templates that are the same. */
export function templateHash(template: Json): string {
  const digest = createHash('sha256').update(JSON.stringify(template)).digest();
  return digest.readBigUInt64BE().toString();
}

/** Some clients send a whole parameters file instead of what is in it. */
function givenParameters(given: Json): Json {
  const isFile = '$schema' in given && isObject(given['parameters']);
  return isFile ? objectIn(given, 'parameters') : given;
}

/** Gives the name `template` in `properties` its quotes, when it has none. */
function quoteTemplate(text: string): string {
  const scanner = createScanner(text, true);
  let depth = 0;
  while (scanner.getPosition() < text.length) {
    scanner.scan();
    const at = scanner.getTokenOffset();
    const start = text[at];
    if (start === '{' || start === '[') depth += 1;
    else if (start === '}' || start === ']') depth -= 1;
    else if (depth === 2 && scanner.getTokenValue() === BARE && text.startsWith(BARE, at)) {
      return `${text.slice(0, at)}"${BARE}"${text.slice(at + BARE.length)}`;
    }
  }
  return text;
}

const BARE = 'template';
