import { expect, test } from 'vitest';
import { EvaluationThread } from './evaluator.ts';

function body(template: string): string {
  return `{"properties":{"mode":"Incremental","template":${template}}}`;
}

test('of the questions that are asked when one takes all memory, only that one fails', {
  timeout: 60_000,
}, async () => {
  const thread = new EvaluationThread(64);
  const heavy = body(`{"resources":[${'[],'.repeat(2_000_000)}[]]}`);
  const [before, first, between, second, after] = await Promise.allSettled([
    thread.request(body('{"resources":["before"]}')),
    thread.request(heavy),
    thread.request(body('{"resources":["between"]}')),
    thread.request(heavy),
    thread.request(body('{"resources":["after"]}')),
  ]);
  for (const [answer, name] of [
    [before, 'before'],
    [between, 'between'],
    [after, 'after'],
  ] as const) {
    expect(answer).toMatchObject({ status: 'fulfilled', value: { template: { resources: [name] } } });
  }
  for (const refused of [first, second]) {
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'DeploymentTooLarge', status: 400 } });
  }
  expect((await thread.request(body('{"resources":["later"]}'))).template).toEqual({ resources: ['later'] });
});
