import { remoteError } from '../../errors/remote.ts';
import { templateError } from '../../errors/template.ts';
import { isObject } from '../../template/names.ts';
import { readDocument } from '../../template/parse.ts';
import { findResource, isDeployment } from '../../template/resource-in-file.ts';
import { NEWEST_VERSION } from '../../template/versions.ts';
import { readTemplate } from '../read-template.ts';
import { templateName } from '../template-name.ts';

export interface TemplateToSend {
  readonly name: string;
  readonly apiVersion: string;
  /** The body of a `PUT`. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** What says where a resource is, and is not in the body of a request. */
const ENVELOPE = ['apiversion', 'type', 'name', 'id', 'comments', 'dependson'];

/**
 * An image template from a file, as it is: the server checks it.
 *
 * @throws KilnError `TemplateUnreadable`, `ValidationFailed`, `DeploymentForServer`
 */
export async function templateToSend(file: string): Promise<TemplateToSend> {
  const { value } = readDocument(await readTemplate(file), { file });
  if (isDeployment(value)) throw remoteError('DeploymentForServer', { file });
  const found = findResource(value);
  if ('problem' in found || !isObject(found.resource)) {
    const first = 'problem' in found ? found.problem : 'It holds no image template.';
    throw templateError('ValidationFailed', { first, more: 0, file });
  }
  const entries = Object.entries(found.resource);
  const named = (name: string) => entries.find(([key]) => key.toLowerCase() === name)?.[1];
  const [name, apiVersion] = [named('name'), named('apiversion')];
  return {
    name: typeof name === 'string' ? name : templateName(file),
    apiVersion: typeof apiVersion === 'string' ? apiVersion : NEWEST_VERSION,
    body: Object.fromEntries(entries.filter(([key]) => !ENVELOPE.includes(key.toLowerCase()))),
  };
}
