import { afterAll, beforeAll, test } from 'vitest';
import { makePlace, type Place, runCause } from './documented-errors-fixture.ts';
import { OF_RUNS } from './documented-errors-of-runs.ts';

let place: Place;
beforeAll(async () => {
  place = await makePlace();
});
afterAll(() => place[Symbol.asyncDispose]());

test.each(OF_RUNS)('$name', cause => runCause(cause, place));
