import { compareImageVersions } from '../../sources/image-name.ts';
import { findResource, listResources, type StoredResource, updateResource } from '../../store/resources.ts';
import { getRun } from '../../store/runs.ts';
import type { StoreTransaction } from '../../store/store.ts';
import type { ProviderServices } from '../services.ts';
import { acceptTemplateRun } from './accept-run.ts';
import { describe } from './feasibility.ts';
import { TRIGGER_TYPE } from './places.ts';
import { type StoredTemplate, storedTemplate } from './stored-template.ts';
import { isActive, lastRun } from './templates.ts';
import type { TriggerState } from './triggers.ts';

/** After so many failed runs in succession a trigger begins no more, until a run of its template succeeds. */
const FAILURES = 3;

/** Looks at the sources of templates with triggers, and runs those whose source has a newer version. */
export class TriggerWatch {
  readonly #services: ProviderServices;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(services: ProviderServices) {
    this.#services = services;
  }

  /** Looks now, and then each time so many minutes have passed. */
  start(minutes: number): void {
    const look = () => {
      this.#looking ??= this.look().finally(() => {
        this.#looking = undefined;
      });
    };
    look();
    this.#timer = setInterval(look, minutes * 60_000).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Looks at every trigger once. What goes wrong with one is logged and keeps no other from its turn. */
  async look(): Promise<void> {
    const { store, log } = this.#services;
    let woken = false;
    for (const trigger of await listResources(store.db, { type: TRIGGER_TYPE })) {
      try {
        woken = (await this.#lookAt(trigger)) || woken;
      } catch (cause) {
        log(`the source of trigger ${trigger.id} could not be looked at: ${(cause as Error).message}`, cause);
      }
    }
    if (woken) this.#services.builds.wake();
  }

  async #lookAt(trigger: StoredResource): Promise<boolean> {
    const { store } = this.#services;
    const parent = await findResource(store.db, trigger.parentKey ?? '');
    if (parent === undefined || parent.provisioningState !== 'Succeeded') return false;
    const template = storedTemplate(parent);
    const source = await describe(template.state.template, parent.subscription ?? '', this.#services);
    return store.write(async trx => {
      const found = await findResource(trx, trigger.key);
      // What was looked at may have been deleted, or changed, since.
      const now = await findResource(trx, parent.key);
      if (found === undefined || now?.provisioningState !== 'Succeeded' || now.changedAt !== parent.changedAt)
        return false;
      const state = await this.#counted(trx, found, template);
      if (state.failures >= FAILURES || !isNewer(source.exactName, state.lastSource)) return false;
      // Its turn comes when the run that there is has ended: the source is still a newer one then.
      if (isActive(await lastRun(trx, parent.key))) return false;
      const correlationId = crypto.randomUUID();
      await acceptTemplateRun(trx, this.#services, template, source, { correlationId, trigger: trigger.name });
      const begun = await lastRun(trx, parent.key);
      const internal = { ...state, lastSource: source.exactName, lastRun: begun?.id ?? '' };
      await updateResource(trx, found.key, { internal });
      return true;
    });
  }

  /** The trigger's state after the end of the run that it began last, and after a run that somebody else began. */
  async #counted(trx: StoreTransaction, trigger: StoredResource, template: StoredTemplate): Promise<TriggerState> {
    const state = trigger.internal as unknown as TriggerState;
    const newest = await lastRun(trx, template.resource.key);
    if (state.failures >= FAILURES && newest?.status === 'Succeeded') {
      return this.#note(trx, trigger, { ...state, failures: 0, lastRun: '' });
    }
    const own = state.lastRun === '' ? undefined : await getRun({ db: trx }, state.lastRun);
    if (own === undefined || isActive(own)) return state;
    const failed = own.status === 'Failed' || own.status === 'TimedOut' || own.status === 'PartiallySucceeded';
    return this.#note(trx, trigger, { ...state, failures: failed ? state.failures + 1 : 0, lastRun: '' });
  }

  async #note(trx: StoreTransaction, trigger: StoredResource, state: TriggerState): Promise<TriggerState> {
    const active = state.failures < FAILURES;
    const message = active
      ? 'Trigger is active'
      : `Trigger is deactivated: ${FAILURES} builds in succession failed. A run of the image template that succeeds activates it again.`;
    const status = { code: active ? 'Healthy' : 'Disabled', message, time: new Date().toISOString() };
    const properties = { ...(trigger.body['properties'] as object), status };
    await updateResource(trx, trigger.key, { body: { properties }, internal: { ...state } });
    return state;
  }
}

/** Whether a source, by its exact name, is a later version than another. */
function isNewer(name: string, than: string): boolean {
  const version = (text: string) => text.slice(Math.max(text.lastIndexOf(':'), text.lastIndexOf('/')) + 1);
  return compareImageVersions(version(name), version(than)) > 0;
}
