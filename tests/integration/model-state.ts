// A simple model of the contract: what there is, and what each request is answered and changes. Pure.

export type Group = 'g1' | 'g2';
/** `longer` differs from `plain`; `shared` publishes to the definition of the gallery; the script of `failing` cannot be fetched; `wrong` is no template. */
export type Variant = 'plain' | 'longer' | 'shared' | 'failing' | 'wrong';

export type Request =
  | { readonly do: 'putGroup' | 'deleteGroup'; readonly group: Group }
  /** That of all templates, in `g1`. */
  | { readonly do: 'putIdentity' | 'deleteIdentity' }
  /** In `g2`. */
  | { readonly do: 'putGallery' | 'deleteGallery' | 'putDefinition' | 'deleteDefinition' }
  | { readonly do: 'putTemplate'; readonly template: string; readonly variant: Variant }
  | { readonly do: 'patchTemplate'; readonly template: string; readonly tag: string }
  | { readonly do: 'deleteTemplate' | 'cancel' | 'deleteStaging'; readonly template: string }
  | { readonly do: 'run'; readonly template: string; readonly request?: string | undefined }
  | { readonly do: 'putTrigger' | 'deleteTrigger'; readonly template: string; readonly trigger: string };

export interface Template {
  readonly variant: string;
  readonly state: string;
  readonly tag: string;
  /** Of the last run. */
  readonly run: string;
  readonly request: string | undefined;
  readonly triggers: readonly string[];
}

export interface State {
  readonly groups: readonly string[];
  readonly identity: boolean;
  readonly gallery: boolean;
  readonly definition: boolean;
  /** By `<group>/<name>`. */
  readonly templates: Readonly<Record<string, Template>>;
}

export const EMPTY: State = { groups: [], identity: false, gallery: false, definition: false, templates: {} };
export const ACTIVE = 'active';

/** The status of an answer, and what there is when all that it began has ended. */
export type Outcome = readonly [status: number, after: State];

/** What the contract says of a request. */
export function outcome(state: State, request: Request): Outcome {
  switch (request.do) {
    case 'putGroup':
      if (state.groups.includes(request.group)) return [200, state];
      return [201, { ...state, groups: [...state.groups, request.group].sort() }];
    case 'deleteGroup':
      return deleteGroup(state, request.group);
    case 'putIdentity':
    case 'deleteIdentity':
      return inGroup(state, 'g1', () => identity(state, request.do));
    case 'putGallery':
    case 'deleteGallery':
    case 'putDefinition':
    case 'deleteDefinition':
      return inGroup(state, 'g2', () => images(state, request.do));
    default:
      return inGroup(state, groupOf(request.template), () => template(state, request));
  }
}

export function groupOf(name: string): string {
  return name.slice(0, 2);
}

function inGroup(state: State, group: string, then: () => Outcome): Outcome {
  return state.groups.includes(group) ? then() : [404, state];
}

function deleteGroup(state: State, group: Group): Outcome {
  if (!state.groups.includes(group)) return [404, state];
  const outside = Object.entries(state.templates).filter(([name]) => groupOf(name) !== group);
  const used =
    group === 'g1'
      ? outside.length > 0
      : outside.some(([, { run, variant }]) => run === ACTIVE && variant === 'shared');
  if (used) return [409, state];
  const inside = Object.entries(state.templates).filter(([name]) => groupOf(name) === group);
  const blocking = inside.filter(([, { run }]) => run === ACTIVE);
  // What is nested in a template that is being built goes all the same.
  const left = blocking.map(([name, one]) => [name, { ...one, triggers: [] }] as const);
  const templates = Object.fromEntries([...outside, ...left]);
  if (blocking.length > 0) return [202, { ...state, templates }];
  const groups = state.groups.filter(name => name !== group);
  const without = group === 'g1' ? { identity: false } : { gallery: false, definition: false };
  return [202, { ...state, ...without, groups, templates }];
}

function identity(state: State, what: 'putIdentity' | 'deleteIdentity'): Outcome {
  if (what === 'putIdentity') return [state.identity ? 200 : 201, { ...state, identity: true }];
  if (!state.identity) return [204, state];
  return Object.keys(state.templates).length > 0 ? [409, state] : [200, { ...state, identity: false }];
}

function images(state: State, what: 'putGallery' | 'deleteGallery' | 'putDefinition' | 'deleteDefinition'): Outcome {
  const { gallery, definition } = state;
  const built = Object.values(state.templates).some(({ run, variant }) => run === ACTIVE && variant === 'shared');
  switch (what) {
    case 'putGallery':
      return [gallery ? 200 : 201, { ...state, gallery: true }];
    case 'deleteGallery':
      if (!gallery) return [204, state];
      return definition ? [409, state] : [200, { ...state, gallery: false }];
    case 'putDefinition':
      if (!gallery) return [404, state];
      return [definition ? 200 : 201, { ...state, definition: true }];
    case 'deleteDefinition':
      if (!definition) return [204, state];
      return built ? [409, state] : [200, { ...state, definition: false }];
  }
}

function template(state: State, request: Extract<Request, { readonly template: string }>): Outcome {
  const { [request.template]: found, ...others } = state.templates;
  const become = (one: Template): State => ({ ...state, templates: { ...others, [request.template]: one } });
  if (request.do === 'putTemplate') {
    const { variant } = request;
    if (variant === 'wrong') return [400, state];
    // A new one has no tag but the first.
    if (found !== undefined) {
      const same = found.state === 'Succeeded' && found.variant === variant && found.tag === '0';
      return [same ? 200 : 409, state];
    }
    if (!state.identity || (variant === 'shared' && !state.definition)) return [400, state];
    const made = variant === 'failing' ? 'Failed' : 'Succeeded';
    return [201, become({ variant, state: made, tag: '0', run: 'none', request: undefined, triggers: [] })];
  }
  if (found === undefined) {
    return [request.do === 'deleteTemplate' || request.do === 'deleteTrigger' ? 204 : 404, state];
  }
  const active = found.run === ACTIVE;
  switch (request.do) {
    case 'patchTemplate':
      return active ? [405, state] : [200, become({ ...found, tag: request.tag })];
    case 'deleteTemplate':
      return active ? [405, state] : [202, { ...state, templates: others }];
    case 'deleteStaging':
      return [409, state];
    case 'cancel':
      return [204, active ? become({ ...found, run: 'Canceled' }) : state];
    case 'run':
      // The same request again, which has begun a run already.
      if (request.request !== undefined && found.request === request.request) return [202, state];
      if (active) return [405, state];
      if (found.state === 'Failed') return [405, state];
      return [202, become({ ...found, run: ACTIVE, request: request.request })];
    case 'putTrigger':
      if (found.state === 'Failed') return [405, state];
      if (found.triggers.includes(request.trigger)) return [200, state];
      if (found.triggers.length > 0) return [409, state];
      return [201, become({ ...found, triggers: [request.trigger] })];
    case 'deleteTrigger':
      if (!found.triggers.includes(request.trigger)) return [204, state];
      return [202, become({ ...found, triggers: [] })];
  }
}
