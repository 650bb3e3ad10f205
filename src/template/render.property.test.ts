import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { API_VERSIONS, type ApiVersion, type ImageTemplate } from './model.ts';
import { parseTemplate } from './parse.ts';
import { renderTemplate } from './render.ts';
import { anyTemplate, anyVersion } from './template.arbitrary.fixture.ts';

function parse(resource: unknown) {
  return parseTemplate(JSON.stringify(resource), { knownRegions: ['local'] });
}

/** Warnings about names: a version's own rendering must not have any. */
function nameWarnings(resource: unknown): string[] {
  return parse(resource)
    .warnings.filter(one => one.code === 'UnknownField')
    .map(one => one.target ?? '');
}

/** The template as far as `version` can say it: written, and read again until nothing more is lost. */
function within(template: ImageTemplate, version: ApiVersion): ImageTemplate | undefined {
  const { resource } = renderTemplate(template, version);
  try {
    return parse(resource).template;
  } catch {
    // Something required is among what was lost.
    return undefined;
  }
}

describe('a template that is written and read again', () => {
  it('is the same in the newest version', () => {
    fc.assert(
      fc.property(
        anyTemplate.filter(one => one.source.type !== 'ISO'),
        template => {
          const { resource, lost } = renderTemplate(template, '2025-10-01');
          expect(lost).toEqual([]);
          expect(parse(resource).template).toEqual({ ...template, apiVersion: '2025-10-01' });
        },
      ),
      { numRuns: 250 },
    );
  });

  it.each(API_VERSIONS)('is the same in %s as far as that version can say it', version => {
    let kept = 0;
    fc.assert(
      fc.property(anyTemplate, template => {
        const said = within(template, version);
        if (said === undefined) return;
        kept++;
        const { resource, lost } = renderTemplate(said, version);
        expect(lost).toEqual([]);
        expect(nameWarnings(resource)).toEqual([]);
        expect(parse(resource).template).toEqual(said);
      }),
      { numRuns: 250 },
    );
    expect(kept).toBeGreaterThan(4);
  });

  it('is the same in another version, unless that says what is lost', () => {
    const outcomes = { same: 0, lost: 0 };
    fc.assert(
      fc.property(anyTemplate, anyVersion, anyVersion, (any, first, second) => {
        const template = within(any, first);
        if (template === undefined) return;
        const { resource, lost } = renderTemplate(template, second);
        if (lost.length > 0) {
          outcomes.lost++;
          expect(new Set(lost).size).toBe(lost.length);
          expect(within(template, second)).not.toEqual({ ...template, apiVersion: second });
        } else {
          outcomes.same++;
          expect(parse(resource).template).toEqual({ ...template, apiVersion: second });
        }
      }),
      { numRuns: 250 },
    );
    expect(Math.min(outcomes.same, outcomes.lost)).toBeGreaterThan(10);
  });
});
