// Which room may know which. A room is a folder of `src/`; ARCHITECTURE.md draws the same picture.

/** Room to the rooms that it may import from, beside itself. */
const ROOMS = {
  errors: [],
  events: ['errors'],
  home: ['errors', 'events'],
  arm: ['errors'],
  config: ['errors', 'home'],
  sandbox: ['errors', 'events', 'home', 'config'],
  disk: ['errors', 'events', 'home', 'config', 'sandbox'],
  store: ['errors', 'events', 'home', 'config', 'sandbox', 'disk'],
  galleries: ['errors', 'events', 'home', 'config', 'sandbox', 'disk', 'store'],
  distributors: ['errors', 'events', 'home', 'config', 'sandbox', 'disk', 'store', 'galleries'],
  network: ['errors', 'events', 'home', 'config', 'sandbox'],
  machine: ['errors', 'events', 'home', 'config', 'sandbox', 'network'],
  guest: ['errors', 'events', 'sandbox'],
  steps: ['errors', 'events', 'guest'],
  artifacts: ['errors', 'events', 'home', 'config', 'sandbox'],
  sources: ['errors', 'events', 'home', 'config', 'sandbox', 'disk', 'store', 'galleries', 'artifacts'],
  template: ['errors', 'steps', 'distributors'],
  plan: ['errors', 'events', 'template', 'steps', 'distributors', 'sources', 'artifacts'],
  identity: ['errors', 'events', 'home', 'config', 'store'],
};

/** Room to further rooms whose types it may name, because it is handed such things without making them. */
const TYPES = {
  artifacts: ['steps'],
  sources: ['machine', 'guest', 'template'],
  template: ['sources'],
};

/** Rooms that compute: what they know of the world is handed to them. */
const WITHOUT_INPUT_OUTPUT = ['arm', 'template', 'plan'];

const inRoom = names => `^src/(${names.join('|')})/`;

const rooms = Object.entries(ROOMS).flatMap(([room, allowed]) => {
  const types = TYPES[room] ?? [];
  const rule = (name, comment, may, more) => ({
    name: `${room}: ${name}`,
    comment,
    severity: 'error',
    from: { path: `^src/${room}/`, pathNot: '\\.test\\.ts$' },
    to: { path: '^src/', pathNot: inRoom([room, ...may]), ...more },
  });
  return [
    rule('runs only on the rooms below it', 'See ROOMS.', allowed, { dependencyTypesNot: ['type-only'] }),
    rule('names types only of rooms that it may know', 'See TYPES.', [...allowed, ...types], {
      dependencyTypes: ['type-only'],
    }),
  ];
});

export default {
  forbidden: [
    ...rooms,
    // Above the rooms of a build: each may know everything but what is above it.
    ...[
      ['build', ['identity', 'jobs', 'providers', 'server', 'cli']],
      ['jobs', ['providers', 'server', 'cli']],
      ['providers', ['server', 'cli']],
      ['server', ['cli']],
    ].map(([room, above]) => ({
      name: `${room}: nothing above it`,
      severity: 'error',
      from: { path: `^src/${room}/`, pathNot: '\\.test\\.ts$' },
      to: { path: inRoom(above) },
    })),
    {
      name: 'no input or output',
      comment: 'These rooms compute from what they are handed.',
      severity: 'error',
      from: { path: inRoom(WITHOUT_INPUT_OUTPUT), pathNot: '\\.test\\.ts$' },
      to: { path: '^(node:)?(fs|fs/promises|http|https|net|child_process)$|^node_modules/(undici|execa|ssh2)/' },
    },
    // One rule for a file that imports something, one for a file that does not.
    ...[{}, { orphan: true }].map(more => ({
      name: 'every folder of src is a room',
      comment: 'A new folder has to be added to ROOMS.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: inRoom([...Object.keys(ROOMS), 'build', 'jobs', 'providers', 'server', 'cli']),
        ...more,
      },
      to: {},
    })),
    {
      name: 'no circles',
      severity: 'error',
      from: { pathNot: '\\.test\\.ts$' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'every import can be found',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
