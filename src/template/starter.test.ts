import { expect, test } from 'vitest';
import { parseTemplate } from './parse.ts';
import { type StarterOptions, starterTemplate } from './starter.ts';

const options: StarterOptions = {
  name: 'web',
  location: 'westeurope',
  source: { publisher: 'Debian', offer: 'debian-12', sku: '12-gen2' },
  os: 'Linux',
  targets: ['VHD'],
  subscription: 's',
  resourceGroup: 'g',
  gallery: 'main',
};

test.each([
  ['Linux', ['VHD']],
  ['Linux', ['ManagedImage', 'SharedImage', 'VHD', 'VHD']],
  ['Windows', ['SharedImage']],
] as const)('a starter for %s and %j is a valid template without a warning', (os, targets) => {
  const { template, warnings } = parseTemplate(starterTemplate({ ...options, os, targets }));
  expect(warnings).toEqual([]);
  expect(template.name).toBe('web');
  expect(template.distribute.map(({ type }) => type)).toEqual(targets);
  expect(template.customize.length + template.validate.inVMValidations.length).toBeGreaterThan(1);
});
