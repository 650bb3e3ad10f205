import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Death, type ModelSite, modelSite, PowerCut } from './model-fixture.ts';
import { learn, send, templateId } from './model-requests.ts';
import { ACTIVE, EMPTY, outcome, type Request, type State } from './model-state.ts';

// KILN_MODEL_SEQUENCES=1000 for many; KILN_MODEL_SEED and KILN_MODEL_PATH, as a failure prints them, for one of them again.
const SEQUENCES = Number(process.env['KILN_MODEL_SEQUENCES'] ?? 100);
const SEED = Number(process.env['KILN_MODEL_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const PATH = process.env['KILN_MODEL_PATH'];
const PER_SEQUENCE_MS = 20_000;

type Step =
  | { readonly do: 'request'; readonly request: Request }
  /** The service dies while a request is answered, or what it began is done. */
  | { readonly do: 'dieDuring'; readonly request: Request; readonly death: Death }
  | { readonly do: 'die'; readonly worker: string | undefined }
  | { readonly do: 'both'; readonly requests: readonly [Request, Request] }
  | { readonly do: 'endRun'; readonly template: string; readonly status: 'Succeeded' | 'Failed' }
  | { readonly do: 'killWorker'; readonly template: string };

const template = fc.constantFrom('g1/a', 'g1/b', 'g2/a');
const request: fc.Arbitrary<Request> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('putTemplate' as const),
      template,
      variant: fc.constantFrom('plain', 'plain', 'shared', 'longer', 'failing', 'wrong'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('run' as const),
      template,
      request: fc.constantFrom(undefined, undefined, 'r1', 'r2'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('deleteTemplate', 'cancel', 'deleteStaging'), template }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('patchTemplate' as const), template, tag: fc.constantFrom('0', '1') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('putTrigger', 'putTrigger', 'deleteTrigger'),
      template,
      trigger: fc.constantFrom('t1', 't2'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('putGroup', 'deleteGroup'), group: fc.constantFrom('g1', 'g2') }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'putIdentity',
        'deleteIdentity',
        'putGallery',
        'deleteGallery',
        'putDefinition',
        'deleteDefinition',
      ),
    }),
  },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('request' as const), request }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('dieDuring' as const),
      request,
      death: fc.record({ transactions: fc.integer({ min: 1, max: 6 }), committed: fc.boolean() }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('die' as const), worker: fc.option(template, { nil: undefined }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('both' as const), requests: fc.tuple(request, request) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('endRun' as const),
      template,
      status: fc.constantFrom('Succeeded', 'Failed'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('killWorker' as const), template }) },
);
/** Something to work with: without it most requests find nothing. */
const BEGINNING: readonly Request[] = [
  ...([
    { do: 'putGroup', group: 'g1' },
    { do: 'putGroup', group: 'g2' },
  ] as const),
  ...([{ do: 'putIdentity' }, { do: 'putGallery' }, { do: 'putDefinition' }] as const),
];
const sequence = fc.record({ prepared: fc.boolean(), steps: fc.array(step, { maxLength: 25, size: 'max' }) });

test(
  `${SEQUENCES} sequences of requests, crashes and kills end as a simple model of the contract says`,
  async () => {
    console.log(`seed ${SEED}`);
    await fc.assert(
      fc.asyncProperty(sequence, async ({ prepared, steps }) => {
        await using site = await modelSite();
        const run = new Sequence(site);
        for (const one of prepared ? BEGINNING : []) await run.request(one);
        for (const one of steps) await run.step(one);
        await run.end();
      }),
      { numRuns: SEQUENCES, seed: SEED, ...(PATH === undefined ? {} : { path: PATH, endOnFailure: true }) },
    );
  },
  SEQUENCES * PER_SEQUENCE_MS,
);

class Sequence {
  readonly #site: ModelSite;
  #state: State = EMPTY;
  /** Addresses of runs' operations, which were answered with 202. */
  readonly #accepted: string[] = [];

  constructor(site: ModelSite) {
    this.#site = site;
  }

  async step(step: Step): Promise<void> {
    switch (step.do) {
      case 'request':
        return this.request(step.request);
      case 'dieDuring':
        return this.#dieDuring(step.request, step.death);
      case 'both':
        return this.#both(step.requests);
      case 'endRun':
        if (this.#runOf(step.template) !== ACTIVE) return;
        await this.#site.endRun(templateId(step.template), step.status);
        return this.#is(this.#withRun(step.template, step.status));
      case 'killWorker':
        if (this.#runOf(step.template) !== ACTIVE) return;
        await this.#site.killWorker(templateId(step.template));
        return this.#ended(step.template);
      case 'die': {
        const killed = step.worker !== undefined && this.#runOf(step.worker) === ACTIVE ? step.worker : undefined;
        if (killed !== undefined) {
          await this.#site.killWorker(templateId(killed));
        }
        await this.#site.restart();
        if (killed !== undefined) return this.#ended(killed);
        return this.#is(this.#state);
      }
    }
  }

  async request(request: Request): Promise<void> {
    const [status, after] = outcome(this.#state, request);
    const answer = await this.#send(request);
    expect([answer.status, JSON.stringify(answer.body)].slice(0, answer.status === status ? 1 : 2)).toEqual([status]);
    await this.#is(after);
  }

  /** Ends all runs: each that was accepted has an end that a client gets to know. */
  async end(): Promise<void> {
    for (const [name, { run }] of Object.entries(this.#state.templates)) {
      if (run === ACTIVE) await this.step({ do: 'endRun', template: name, status: 'Succeeded' });
    }
    for (const url of this.#accepted) {
      const { status, body } = await this.#site.call('GET', url);
      expect([status, (body as { status: string }).status]).toEqual([
        200,
        expect.stringMatching(/Succeeded|Failed|Canceled/),
      ]);
    }
  }

  async #dieDuring(request: Request, death: Death): Promise<void> {
    const [, after] = outcome(this.#state, request);
    this.#site.dieAt(death);
    let answered = false;
    try {
      await this.#send(request);
      answered = true;
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
    await this.#site.restart();
    await this.#site.settled();
    const found = await learn(this.#site);
    expect(answered ? [after] : [this.#state, after]).toContainEqual(found);
    await this.#is(found);
  }

  /** Two at once: each is answered, and what comes of them keeps all rules. */
  async #both(requests: readonly [Request, Request]): Promise<void> {
    await Promise.all(requests.map(one => this.#send(one)));
    await this.#site.settled();
    await this.#is(await learn(this.#site));
  }

  async #send(request: Request) {
    const answer = await send(this.#site, request);
    expect(answer.status, JSON.stringify([request, answer.body, String(answer.failure)])).toBeLessThan(500);
    if (request.do === 'run' && answer.status === 202) {
      const { pathname, search } = new URL(answer.headers?.['Location'] ?? '');
      this.#accepted.push(pathname + search);
    }
    return answer;
  }

  /** The run of a template whose worker was killed ends. */
  async #ended(name: string): Promise<void> {
    await expect
      .poll(async () => (await learn(this.#site)).templates[name]?.run, { timeout: 10_000, interval: 20 })
      .toBe('Failed');
    await this.#is(this.#withRun(name, 'Failed'));
  }

  #runOf(name: string): string | undefined {
    return this.#state.templates[name]?.run;
  }

  #withRun(name: string, run: string): State {
    const found = this.#state.templates[name];
    if (found === undefined) throw new Error(`there is no template ${name}`);
    return { ...this.#state, templates: { ...this.#state.templates, [name]: { ...found, run } } };
  }

  async #is(state: State): Promise<void> {
    await this.#site.settled();
    expect(await learn(this.#site)).toEqual(state);
    this.#state = state;
    await this.#keepsRules();
  }

  async #keepsRules(): Promise<void> {
    const { db } = this.#site.store;
    const active = await db
      .selectFrom('runs')
      .select('template_key')
      .where('status', 'in', ['Queued', 'Running'])
      .execute();
    const keys = active.map(({ template_key }) => template_key);
    expect(new Set(keys).size, 'one active run for each template').toBe(keys.length);
    const groups = new Set((await db.selectFrom('resource_groups').select('key').execute()).map(({ key }) => key));
    const resources = await db
      .selectFrom('resources')
      .select(['key', 'resource_group_key', 'parent_key', 'type', 'internal'])
      .execute();
    const galleries = await db.selectFrom('galleries').select(['key', 'resource_group_key']).execute();
    const lost = [...resources, ...galleries].filter(
      ({ resource_group_key: group }) => group !== null && !groups.has(group),
    );
    expect(
      lost.map(({ key }) => key),
      'resources of a group that is gone',
    ).toEqual([]);
    const all = new Set([...resources, ...galleries].map(({ key }) => key));
    expect(
      resources.filter(({ parent_key }) => parent_key !== null && !all.has(parent_key)),
      'without a parent',
    ).toEqual([]);
    const held = await db.selectFrom('staging_groups').select(['group_key', 'holder']).execute();
    const staging = [...groups].filter(key => key.includes('/it_'));
    expect(
      staging.filter(key => !held.some(({ group_key }) => group_key === key)),
      'staging groups of nobody',
    ).toEqual([]);
    expect(
      held.filter(({ holder }) => !all.has(holder.replace('template:', ''))),
      'staging groups that were left',
    ).toEqual([]);
    const accounts = resources.filter(({ type }) => type === 'Microsoft.Storage/storageAccounts');
    const owners = accounts.map(({ internal }) => (JSON.parse(internal) as { template: string }).template);
    expect(
      owners.filter(owner => !all.has(owner)),
      'accounts that were left',
    ).toEqual([]);
    expect(new Set(owners).size, 'one account for each template').toBe(owners.length);
  }
}
