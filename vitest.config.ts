import { defineConfig } from 'vitest/config';

// Rings, named by what they cost: unit touches no other process, integration real files, servers and tools, vm
// real virtual machines (one at a time: an emulated guest takes a core), vm-slow one machine for each stage of a build, and many restarts.
// A failed case is tried once more: on a loaded machine one emulated boot among dozens stayed idle and silent, and why is not known.
const machines = { testTimeout: 1_500_000, hookTimeout: 900_000, fileParallelism: false, retry: 1 };

// The suite of the store and of what is kept in it. It runs on SQLite with its ring, and once more on a PostgreSQL server.
const ON_THE_STORE = ['src/{store,galleries,identity,jobs,providers}/**/*.test.ts', 'tests/integration/store*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts'], testTimeout: 10_000 } },
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          exclude: ['tests/integration/postgres/*'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'postgres',
          include: [...ON_THE_STORE, 'tests/integration/postgres/*.test.ts'],
          globalSetup: 'tests/integration/postgres/server.ts',
          setupFiles: 'tests/integration/postgres/use-server.ts',
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      { test: { name: 'vm', include: ['tests/vm/*.test.ts'], ...machines } },
      { test: { name: 'vm-slow', include: ['tests/vm/slow/*.test.ts'], ...machines } },
    ],
  },
});
