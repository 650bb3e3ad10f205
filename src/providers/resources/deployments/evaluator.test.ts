import { expect, test } from 'vitest';
import { EvaluationProcess } from './evaluator.ts';

function body(template: string): string {
  return `{"properties":{"mode":"Incremental","template":${template}}}`;
}

test('of the questions that are asked when one takes all memory, only that one fails', {
  timeout: 60_000,
}, async () => {
  const evaluator = new EvaluationProcess(64);
  const heavy = body(`{"resources":[${'[],'.repeat(2_000_000)}[]]}`);
  const [before, first, between, second, after] = await Promise.allSettled([
    evaluator.request(body('{"resources":["before"]}')),
    evaluator.request(heavy),
    evaluator.request(body('{"resources":["between"]}')),
    evaluator.request(heavy),
    evaluator.request(body('{"resources":["after"]}')),
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
  expect((await evaluator.request(body('{"resources":["later"]}'))).template).toEqual({ resources: ['later'] });
});
