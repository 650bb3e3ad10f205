import { describe, expect, it } from 'vitest';
import { KilnError } from '../errors/kiln-error.ts';
import { DEFINITION_ID, example, IDENTITY_ID, IMAGE_ID, text } from './example.fixture.ts';
import { failure, problems } from './outcome.fixture.ts';
import { type ParseOptions, parseTemplate } from './parse.ts';

const REQUIRED =
  ' Please review http://aka.ms/azvmimagebuildertmplref for details on fields required in the Image Builder Template.';
const REQUIREMENTS =
  ' Please review  http://aka.ms/azvmimagebuildertmplref  for details on fields requirements in the Image Builder Template.';

function refusal(value: unknown, options: ParseOptions): KilnError {
  try {
    parseTemplate(text(value), options);
  } catch (error) {
    if (error instanceof KilnError) return error;
    throw error;
  }
  throw new Error('the template was accepted');
}

const bad = (properties: Record<string, unknown>, resource?: Record<string, unknown>) => example(properties, resource);

// What the service says when a template is submitted, as far as the template alone is the cause. Other refusals need
// something that a template does not have: rights, another template, an image that is gone, a policy.
describe('the words of the service', () => {
  it.each([
    [
      'a bad value',
      bad({ source: { type: 'ManagedImage', imageId: '/images/x' } }),
      `Validation failed: 'ImageTemplate.properties.source': Field 'imageId' has a bad value: '/images/x'.${REQUIREMENTS}`,
    ],
    [
      'something missing in an element',
      bad({ distribute: [{ type: 'VHD' }] }),
      `Validation failed: 'ImageTemplate.properties.distribute[0]': Missing field 'runOutputName'.${REQUIRED}`,
    ],
    [
      'a type in the wrong case',
      bad({ distribute: [{ type: 'sharedImage' }] }),
      "Validation failed: 'ImageTemplate.properties': Field 'distribute[0].type' has a bad value: ''. ",
    ],
    [
      'an unknown name from 2024-02-01 on',
      bad({ optimize: { vmboot: {} } }),
      'Unmarshalling entity encountered error: unmarshalling type *v2024_02_01.ImageTemplate: struct field Properties: ' +
        'unknown field "vmboot". There is an issue with the syntax with the JSON template you are submitting. ' +
        'Please check the JSON template for syntax and grammar. For more information on the syntax and grammar of the ' +
        'JSON template, visit http://aka.ms/azvmimagebuildertmplref. ',
    ],
  ])('for %s', (_, template, sentence) => {
    const error = failure(text(template));
    expect(error.code).toBe('ValidationFailed');
    expect(error.exit).toBe(2);
    expect(error.message.startsWith(sentence)).toBe(true);
    expect(error.message.length).toBeGreaterThan(sentence.length);
  });

  it('for a missing identity, where one has to be stated', () => {
    const template = example({}, { identity: undefined });
    const error = refusal(template, { identity: 'stated' });
    expect(error.message).toContain(`Validation failed: 'ImageTemplate': Missing field 'identity'.${REQUIRED}`);
    expect(error.details).toMatchObject([{ code: 'MissingField', target: 'identity' }]);
    // It is not required before 2020-02-14.
    const older = { ...template, apiVersion: '2019-05-01-preview' };
    expect(parseTemplate(text(older), { identity: 'assigned' }).warnings).toEqual([]);
  });

  it('for none, where there has to be one', () => {
    const error = refusal(example(), { identity: 'assigned' });
    expect(error.message).toContain(
      'Managed identity is required for building this template using current API version.',
    );
    expect(error.details).toMatchObject([{ target: 'identity', message: expect.stringContaining('"UserAssigned"') }]);
    expect(() => parseTemplate(text(example()), { identity: 'stated' })).not.toThrow();
    const identity = { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY_ID]: {} } };
    expect(() => parseTemplate(text(example({}, { identity })), { identity: 'assigned' })).not.toThrow();
  });
});

describe('the codes of the service', () => {
  const from = (source: unknown) => ({ source });
  const doing = (step: unknown) => ({ customize: [step] });
  const checking = (step: unknown) => ({ validate: { inVMValidations: [step] } });
  const to = (target: unknown) => ({ distribute: [target] });
  const gallery = { type: 'SharedImage', runOutputName: 'o', galleryImageId: IMAGE_ID, replicationRegions: ['eastus'] };

  it.each([
    ['BadSourceType', 'source.type', '2025-10-01', from({ type: 'Platform' })],
    ['BadSourceType', 'source.type', '2020-02-14', from({ type: 'ISO', sourceUri: 'a', sha256Checksum: 'b' })],
    ['BadISOSource', 'source.sourceURI', '2018-02-01-preview', from({ type: 'ISO', sha256Checksum: 'ab'.repeat(32) })],
    [
      'BadPIRSource',
      'source.sku',
      '2018-02-01-preview',
      from({ type: 'PlatformImage', publisher: 'a', offer: 'b', version: '1' }),
    ],
    ['BadManagedImageSource', 'source.imageId', '2019-02-01-preview', from({ type: 'ManagedImage', imageId: 'x' })],
    [
      'BadSharedImageVersionSource',
      'source.imageVersionId',
      '2019-05-01-preview',
      from({ type: 'SharedImageVersion', imageVersionId: DEFINITION_ID }),
    ],
    [
      'BadCustomizerType',
      'customize[0].type',
      '2018-02-01-preview',
      doing({ type: 'File', sourceUri: 'a', destination: '/tmp/a' }),
    ],
    ['NoCustomizerShellScript', 'customize[0].script', '2018-02-01-preview', doing({ type: 'shell' })],
    ['NoCustomizerScript', 'customize[0].script', '2019-02-01-preview', doing({ type: 'Shell' })],
    ['NoCustomizerScript', 'customize[0].scriptUri', '2025-10-01', doing({ type: 'Shell', scriptUri: '', inline: [] })],
    ['BadValidatorType', 'validate.inVMValidations[0].type', '2022-02-14', checking({ type: 'WindowsRestart' })],
    ['NoValidatorScript', 'validate.inVMValidations[0].scriptUri', '2022-02-14', checking({ type: 'PowerShell' })],
    ['BadDistributeType', 'distribute[0].type', '2019-02-01-preview', to({ type: 'managedImage' })],
    ['BadSharedImageDistribute', 'distribute[0].galleryImageId', '2019-02-01-preview', to(gallery)],
    ['BadValue', 'distribute[0].galleryImageId', '2018-02-01-preview', to({ ...gallery, type: 'sharedImage' })],
    ['BadStagingResourceGroup', 'stagingResourceGroup', '2022-02-14', { stagingResourceGroup: 'staging' }],
  ])('%s at %s in %s', (code, path, apiVersion, properties) => {
    const fine = { type: 'ManagedImage', imageId: IMAGE_ID, location: 'eastus', runOutputName: 'o' };
    const type = apiVersion === '2018-02-01-preview' ? 'managedImage' : 'ManagedImage';
    const value = example({ customize: [], distribute: [{ ...fine, type }], ...properties }, { apiVersion });
    expect(problems(value).filter(one => !one.startsWith('UnknownField'))).toEqual([`${code} properties.${path}`]);
  });
});
