import { defineConfig } from 'vitest/config';

// Rings, named by what they cost: unit touches no other process, integration real files, servers and tools, vm
// real virtual machines (one at a time: an emulated guest takes a core), vm-slow one machine for each stage of a build, and many restarts.
// A failed case is tried once more: on a loaded machine one emulated boot among dozens stayed idle and silent, and why is not known.
const machines = { testTimeout: 1_500_000, hookTimeout: 900_000, fileParallelism: false, retry: 1 };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts'], testTimeout: 10_000 } },
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      { test: { name: 'vm', include: ['tests/vm/*.test.ts'], ...machines } },
      { test: { name: 'vm-slow', include: ['tests/vm/slow/*.test.ts'], ...machines } },
    ],
  },
});
