import { describe, expect, it } from 'vitest';
import { KilnError } from '../errors/kiln-error.ts';
import { example, IDENTITY_ID, text } from './example.fixture.ts';
import { model, problems, warnings } from './outcome.fixture.ts';
import { parseTemplate } from './parse.ts';
import { snippets } from './snippets.fixture.ts';

const REGIONS = [
  ...['East US', 'East US 2', 'West Central US', 'West US', 'West US 2', 'West US 3', 'South Central US'],
  ...['North Europe', 'West Europe', 'South East Asia', 'Australia Southeast', 'Australia East', 'UK South'],
  ...['UK West', 'Brazil South', 'Canada Central', 'Central India', 'Central US', 'France Central'],
  ...['Germany West Central', 'Japan East', 'North Central US', 'Norway East', 'Switzerland North'],
  ...['Jio India West', 'UAE North', 'East Asia', 'Korea Central', 'South Africa North'],
  ...['USGov Arizona', 'USGov Virginia'],
];

/** `code path` of everything that is said. */
function said(value: unknown): { readonly problems: readonly string[]; readonly warnings: readonly string[] } {
  try {
    return { problems: [], warnings: parseTemplate(text(value)).warnings.map(show) };
  } catch (error) {
    if (!(error instanceof KilnError)) throw error;
    const isWarning = (one: { readonly severity?: string }) => one.severity === 'warning';
    return {
      problems: error.details.filter(one => !isWarning(one)).map(show),
      warnings: error.details.filter(isWarning).map(show),
    };
  }
}

function show(one: { readonly code: string; readonly target?: string }): string {
  return `${one.code} ${one.target}`;
}

describe('the template reference of the service', () => {
  it.each(snippets)('is judged as expected: $name', snippet => {
    const at = (one: string) => one.replace(' ', ' properties.');
    expect(said(example(snippet.properties, { apiVersion: '2022-02-14' }))).toEqual({
      problems: (snippet.problems ?? []).map(at),
      warnings: (snippet.warnings ?? []).map(at),
    });
  });

  it('lists regions, and each of them is one, in either spelling', () => {
    for (const location of REGIONS) {
      const short = location.toLowerCase().replaceAll(' ', '');
      expect(model(example({}, { location })).location).toBe(short);
      expect(model(example({}, { location: short })).location).toBe(short);
    }
    expect(REGIONS.length).toBe(31);
  });

  it('shows an identity, and one that is empty', () => {
    const identity = { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY_ID]: {} } };
    expect(model(example({}, { identity, apiVersion: '2022-02-14' })).identities).toEqual([IDENTITY_ID]);
    expect(warnings(example({}, { identity: {} }))).toEqual(['MissingIdentity identity']);
    expect(problems(example({}, { identity: { ...identity, type: undefined } }))).toEqual([
      'MissingField identity.type',
    ]);
  });
});
