import { isRegion, normaliseRegion } from '../distributors/schema-fields.ts';
import { IMAGE_REGIONS, SERVICE_REGIONS } from '../distributors/service-regions.ts';
import { didYouMean } from './did-you-mean.ts';
import { below, isDefined, isObject, nameIn, type Place, type Reading } from './names.ts';
import { serviceCode } from './service-code.ts';
import { DOT_IN_NAMES_SINCE, DOTLESS_NAMES, REQUIRED_BEFORE, TYPE_EARLY, VALUE_SINCE } from './since.ts';
import { isAtLeast } from './versions.ts';

// Rules that a schema cannot know: what depends on the API version, and on the regions of the site.

/** Where the value is a region, and whether the service itself has to be there. */
const REGIONS: Readonly<Record<string, 'service' | 'image'>> = {
  location: 'service',
  'properties.distribute[ManagedImage].location': 'image',
  'properties.distribute[SharedImage].replicationRegions[]': 'image',
  'properties.distribute[SharedImage].targetRegions[].name': 'image',
};

/** Checks a part with normalised names, whatever else is wrong with it. Reports every problem; `false` with any. */
export function checkVersionRules(reading: Reading, value: unknown, place: Place): boolean {
  const found = checkRequired(reading, value, place);
  return checkValues(reading, value, place) && found;
}

function checkValues(reading: Reading, value: unknown, place: Place): boolean {
  if (typeof value === 'string') return checkText(reading, value, place);
  if (Array.isArray(value)) {
    const pattern = `${place.pattern}[]`;
    // No short cut: every problem is to be found.
    return value.map((one, i) => checkValues(reading, one, { path: [...place.path, i], pattern })).every(Boolean);
  }
  if (!isObject(value)) return true;
  return Object.entries(value)
    .filter(([name]) => isDefined(reading.version, below(place, name)))
    .map(([name, one]) => checkValues(reading, one, below(place, name)))
    .every(Boolean);
}

function checkText(reading: Reading, text: string, place: Place): boolean {
  const message = complaint(reading, text, place);
  if (message === undefined) return true;
  const code = serviceCode(reading.version, place.pattern, 'BadValue');
  reading.problems.error(code, place.path, message, { kind: 'bad', value: text });
  return false;
}

function complaint(reading: Reading, text: string, { pattern }: Place): string | undefined {
  const since = VALUE_SINCE[pattern];
  const defined = since !== undefined && Object.hasOwn(since, text) ? since[text] : undefined;
  const first = defined === undefined ? undefined : (TYPE_EARLY[pattern]?.[text] ?? defined);
  if (first !== undefined && !isAtLeast(reading.version, first)) {
    return `\`${text}\` exists from API version ${first} on; this template says ${reading.version}.`;
  }
  if (DOTLESS_NAMES.has(pattern) && text.includes('.') && !isAtLeast(reading.version, DOT_IN_NAMES_SINCE)) {
    return `A name may have a \`.\` from API version ${DOT_IN_NAMES_SINCE} on; this template says ${reading.version}.`;
  }
  const where = REGIONS[pattern];
  return where === undefined ? undefined : regionComplaint(reading, text, where);
}

function regionComplaint(reading: Reading, text: string, where: 'service' | 'image'): string | undefined {
  const name = normaliseRegion(text);
  const known = [...(where === 'service' ? SERVICE_REGIONS : IMAGE_REGIONS), ...reading.regions];
  // A name that is none at all is the schema's to refuse.
  if (!isRegion(text) || known.includes(name)) return undefined;
  if (IMAGE_REGIONS.includes(name)) {
    return `\`${text}\` is a region that images can go to, but the service itself is not there.`;
  }
  return `\`${text}\` is neither a region of the service nor one of this site.${didYouMean(name, known)}`;
}

/** Fields that were required once. */
function checkRequired(reading: Reading, value: unknown, place: Place): boolean {
  if (!isObject(value)) return true;
  let fine = true;
  for (const [pattern, until] of Object.entries(REQUIRED_BEFORE)) {
    const name = pattern.slice(pattern.lastIndexOf('.') + 1);
    if (pattern !== below(place, name).pattern || isAtLeast(reading.version, until)) continue;
    const item = value[name];
    if (item !== undefined && !(Array.isArray(item) && item.length === 0)) continue;
    const message = `\`${name}\` is required in API versions before ${until}.`;
    const path = [...place.path, nameIn(reading.version, place, name)];
    const code = serviceCode(reading.version, pattern, 'MissingField');
    reading.problems.error(code, path, message, { kind: 'missing' });
    fine = false;
  }
  return fine;
}
