import { expect, test } from 'vitest';
import { checkPlanInfo } from './plan-info.ts';

const plan = { planName: 'byos', planProduct: 'rhel', planPublisher: 'redhat' };

test('a template states the plan of its image, in upper or lower case', () => {
  checkPlanInfo({ ...plan, planName: 'BYOS' }, { name: 'a:b:c', planInfo: plan });
  checkPlanInfo(undefined, { name: 'a:b:c', planInfo: undefined });
});

test.each([
  [
    undefined,
    plan,
    /requires Plan information in the request\. .*a:b:c has the plan byos \(product rhel, publisher redhat/,
  ],
  [plan, undefined, /does not need Plan information in the request\. Please remove the Plan information/],
  [{ ...plan, planProduct: 'x' }, plan, /is byos \(product rhel, publisher redhat\), not byos \(product x, /],
])('the plan %j for an image with %j is refused', (given, planInfo, message) => {
  expect(() => checkPlanInfo(given, { name: 'a:b:c', planInfo })).toThrow(
    expect.objectContaining({
      code: 'VMMarketplaceInvalidInput',
      target: 'properties.source.planInfo',
      message: expect.stringMatching(message),
    }),
  );
});
