import { createHash } from 'node:crypto';
import { evaluateDeployment } from '../../../arm/deployments/evaluate-deployment.ts';
import type { EvaluatedDeployment } from '../../../arm/deployments/evaluated.ts';
import { KilnError } from '../../../errors/kiln-error.ts';
import { deploymentBody } from './deployment-body.ts';
import type { DeploymentView, EvaluationInput, EvaluationReply, EvaluationRequest } from './evaluation-protocol.ts';

// A template may take seconds to read and to evaluate, in which a service has to answer others, and it may take all the memory that it is
// given, by which V8 ends the whole process: that is why it is done in this one.

/** Deployments that are kept evaluated between two questions about them. */
const KEPT = 16;

interface Session {
  readonly evaluated: EvaluatedDeployment;
  readonly existing: Map<string, unknown>;
  readonly runtime: Map<string, unknown>;
  readonly nested: Map<string, EvaluatedDeployment>;
  unread: { id: string; apiVersion: string | undefined }[];
}

type Found = Omit<EvaluationReply, 'number'>;

const sessions = new Map<string, Session>();

process.on('message', (request: EvaluationRequest) => {
  process.send?.({ number: request.number, ...answer(request) } satisfies EvaluationReply);
});
// The service is gone.
process.on('disconnect', () => process.exit());

function answer(request: EvaluationRequest): Found {
  const unread: Session['unread'] = [];
  try {
    if (request.ask.what === 'close') {
      sessions.delete(request.session);
      return {};
    }
    if (request.ask.what === 'request') return { request: deploymentBody(request.ask.text) };
    const session = sessionFor(request, unread);
    if (session === undefined) return { unknown: true };
    session.unread = unread;
    const found = unread.length === 0 ? ask(request, session) : {};
    return unread.length === 0 ? found : wanting(request.session, unread);
  } catch (error) {
    // What is not read yet seems not to exist, and may be the reason.
    if (unread.length > 0) return wanting(request.session, unread);
    if (!(error instanceof KilnError))
      return { defect: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    const { code, exit, message, todo, target, details } = error;
    return { error: { code, exit, message, todo, target, details } };
  }
}

/** What was evaluated without the states that are missing is not kept. */
function wanting(session: string, unread: Session['unread']): Found {
  sessions.delete(session);
  return { unread };
}

function sessionFor(request: EvaluationRequest, unread: Session['unread']): Session | undefined {
  const known = sessions.get(request.session);
  if (known !== undefined) {
    sessions.delete(request.session);
    sessions.set(request.session, known);
    for (const [id, state] of request.existing) known.existing.set(id.toLowerCase(), state);
    for (const [id, state] of request.runtime) known.runtime.set(id.toLowerCase(), state);
    return known;
  }
  if (request.input === undefined) return undefined;
  const states = (all: EvaluationRequest['existing']) => new Map(all.map(([id, state]) => [id.toLowerCase(), state]));
  const existing = states(request.existing);
  const reading: { session: Session | undefined } = { session: undefined };
  const evaluated = evaluate(request.input, (id, apiVersion) => {
    const state = existing.get(id.toLowerCase());
    if (state === undefined) (reading.session?.unread ?? unread).push({ id, apiVersion });
    return state ?? undefined;
  });
  const session: Session = { evaluated, existing, runtime: states(request.runtime), nested: new Map(), unread };
  reading.session = session;
  if (unread.length > 0) return session;
  sessions.set(request.session, session);
  const [oldest] = sessions.keys();
  if (sessions.size > KEPT && oldest !== undefined) sessions.delete(oldest);
  return session;
}

function evaluate(input: EvaluationInput, existing: (id: string, apiVersion?: string) => unknown): EvaluatedDeployment {
  const { template, seed, now, ...options } = input;
  let guids = 0;
  return evaluateDeployment(template, {
    ...options,
    now: new Date(now),
    newGuid: () => {
      guids += 1;
      return guidOf(`${seed}:${guids}`);
    },
    existing,
  });
}

function ask({ at, ask: asked }: EvaluationRequest, session: Session): Found {
  const runtime = (id: string) => session.runtime.get(id.toLowerCase());
  let deployment = session.evaluated;
  for (const [i, id] of at.entries()) {
    const way = at
      .slice(0, i + 1)
      .join('\n')
      .toLowerCase();
    const nested = session.nested.get(way) ?? resourceOf(deployment, id).deployment?.(runtime);
    if (nested === undefined) throw new Error(`${id} is no deployment`);
    if (session.unread.length === 0) session.nested.set(way, nested);
    deployment = nested;
  }
  if (asked.what === 'outputs') return { outputs: deployment.outputs(runtime) };
  if (asked.what === 'body') {
    const resource = resourceOf(deployment, asked.id);
    return { body: resource.body ?? resource.resolve(runtime) };
  }
  return { view: viewOf(deployment) };
}

function resourceOf({ resources }: EvaluatedDeployment, id: string) {
  const found = resources.find(one => one.id.toLowerCase() === id.toLowerCase());
  if (found === undefined) throw new Error(`${id} is not in the deployment`);
  return found;
}

function viewOf({ parameters, resources, secrets }: EvaluatedDeployment): DeploymentView {
  return {
    parameters,
    secrets: [...secrets],
    resources: resources.map(({ path, type, apiVersion, name, id, dependsOn, body, deployment }) => ({
      ...{ path, type, apiVersion, name, id, dependsOn, body },
      isDeployment: deployment !== undefined,
    })),
  };
}

/** A GUID of the random kind that is always the same for one text. */
function guidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
