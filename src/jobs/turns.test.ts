import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitting, groupOf, inTurn, type WaitingRun } from './turns.ts';

function run(id: string, group = 'a', cpus = 1, memoryMiB = 1024): WaitingRun {
  const templateKey = `/subscriptions/s/resourcegroups/${group}/providers/microsoft.virtualmachineimages/imagetemplates/t`;
  return { id, templateKey, cpus, memoryMiB };
}

const ids = (runs: readonly WaitingRun[]) => runs.map(({ id }) => id).join(' ');

describe('turns', () => {
  const a = [run('a1'), run('a2'), run('a3')];
  const b = [run('b1', 'b'), run('b2', 'b')];

  test('resource groups take turns, however much one of them has waiting', () => {
    expect(ids(inTurn([...a, ...b], [], new Map()))).toBe('a1 b1 a2 b2 a3');
    expect(ids(inTurn([...b, ...a], [], new Map()))).toBe('b1 a1 b2 a2 a3');
  });

  test('the group whose turn was the longest ago is next, after those with fewer runs at work', () => {
    const turns = new Map([[groupOf(run('', 'a')), 7]]);
    expect(ids(inTurn([...a, ...b], [], turns))).toBe('b1 a1 b2 a2 a3');
    expect(ids(inTurn([...a, ...b], [run('x'), run('y')], new Map()))).toBe('b1 b2 a1 a2 a3');
    const later = new Map([[groupOf(run('', 'b')), 8]]);
    expect(ids(inTurn([...a, ...b], [run('x')], later))).toBe('b1 a1 b2 a2 a3');
  });

  test('every run has one place, those of a group in the order of acceptance', () => {
    const group = fc.constantFrom('a', 'b', 'c', 'd');
    fc.assert(
      fc.property(fc.array(group, { maxLength: 30 }), fc.array(group, { maxLength: 6 }), (waiting, working) => {
        const queued = waiting.map((name, i) => run(String(i).padStart(2, '0'), name));
        const order = inTurn(
          queued,
          working.map(name => run('w', name)),
          new Map(),
        );
        expect(order.map(({ id }) => id).sort()).toEqual(queued.map(({ id }) => id));
        for (const name of ['a', 'b', 'c', 'd']) {
          const own = order.filter(one => groupOf(one) === groupOf(run('', name))).map(({ id }) => id);
          expect(own).toEqual(own.toSorted());
        }
      }),
    );
  });
});

describe('room on the host', () => {
  const limits = { runs: 3, cpus: 4, memoryMiB: 8192 };

  test.each([
    ['an idle host', [run('a'), run('b')], [], 2],
    ['as many runs as the limit', [run('a'), run('b'), run('c'), run('d')], [], 3],
    ['processors that are taken', [run('a', 'a', 2)], [run('x', 'a', 3)], 0],
    ['memory that is taken', [run('a', 'a', 1, 4096)], [run('x', 'a', 1, 4097)], 0],
    ['memory that is just enough', [run('a', 'a', 1, 4096)], [run('x', 'a', 1, 4096)], 1],
    ['a large run before a small one', [run('a', 'a', 4), run('b')], [run('x')], 0],
    ['a run larger than the host', [run('a', 'a', 64, 999_999), run('b')], [], 1],
    ['a run larger than the host, beside another', [run('a', 'a', 64)], [run('x')], 0],
    ['nothing beside a run larger than the host', [run('b')], [run('x', 'a', 64)], 0],
  ])('%s', (_, queued, working, count) => {
    expect(fitting(queued, working, limits)).toBe(count);
  });
});
