import { describe, expect, it } from 'vitest';
import { guid } from './guid.ts';
import { uniqueString } from './unique-string.ts';

const BICEP = 'Azure/bicep, src/Bicep.Core.Samples/Files/baselines_bicepparam/Expressions/parameters.json';

describe('uniqueString', () => {
  // Each was made by Azure, or by Microsoft's own library (Azure.Deployments.Expression), and published.
  it.each<[source: string, texts: readonly string[], hash: string]>([
    [BICEP, ['asd', 'asdf', 'asdf'], 'iizpqit7ih3cc'],
    ['takekazuomi/arm-uniquestring, README.md', ['test'], 'rbgf3xv4ufgzg'],
    ['JasonWhall/go-azure-uniquestring, README.md', ['hello', 'world'], 'a7wkljktk6wne'],
    ['stackoverflow.com/questions/43295720', ['tyeth'], 'zcztcwvu6iyg6'],
    ['terraform provider arm2tf, acceptance tests of unique_string', ['test', 'test2', 'test3'], 'bqgd334z2uj64'],
    [
      'AzureNaming.Utilities.Tests, TestArmFunctions',
      ['/subscriptions/3c7f956b-55ee-4686-9d30-da1eb631dc59/resourceGroups/rg-devopsshieldek010dev'],
      'fd63l2gacbtca',
    ],
    [
      'microsoft/commercial-marketplace-offer-deploy, Modm.Tests.UnitTests.ArmFunctionsTests',
      [
        '/subscriptions/31e9f9a0-9fd2-4294-a0a3-0101246d9700/resourceGroups/rg-modm201-20230913120256/providers/Microsoft.Compute/virtualMachines/bobjacmodm201',
      ],
      'yvjxno3je5on2',
    ],
  ])('gives the value of %s', (_, texts, hash) => {
    expect(uniqueString(texts)).toBe(hash);
  });

  it('gives thirteen letters and digits for texts of any length, another for each', () => {
    const hashes = Array.from({ length: 40 }, (_, length) => uniqueString(['é'.repeat(length)]));
    expect(new Set(hashes).size).toBe(40);
    for (const hash of hashes) expect(hash).toMatch(/^[a-z2-7]{13}$/);
  });
});

describe('guid', () => {
  it('gives the value that Microsoft published', () => {
    // From the file that BICEP names.
    expect(guid(['asdf'])).toBe('228d27cc-6fdb-5934-b7ac-1efccebade04');
  });

  it('is a name-based UUID (version 5) of the texts joined by hyphens', () => {
    expect(guid(['a', 'b', 'c'])).toBe(guid(['a-b-c']));
    expect(guid(['a', 'b'])).not.toBe(guid(['ab']));
    expect(guid(['a'])).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
