/** What stands in for the names that published samples leave to the reader. */
export interface PlaceholderDefaults {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly gallery: string;
  readonly imageDefinition: string;
  readonly location: string;
  /** A second region, where a sample has two. */
  readonly otherLocation: string;
  /** Of the template, its image and its run output. */
  readonly name: string;
  /** The site's own, by the placeholder's words in lower case. They go first. */
  readonly others: Readonly<Record<string, string>>;
}

const ANGLE = /<([A-Za-z][^<>\n]{0,60})>/;
/** As a sample has it: the whole text, and its end was forgotten. */
const UNCLOSED = /^<([A-Za-z]\w{0,60})$/;
const BRACES = /\{([^{}\n]{1,60})\}/;

type Meaning = (defaults: PlaceholderDefaults) => string;

const IDENTITY = 'image-builder';

/** The placeholder's words, as samples vary them: `<subscriptionID>`, `<rgName>`, `<sharedImageGalName>`, `<imageDefName>`. */
const MEANINGS: readonly (readonly [RegExp, Meaning])[] = [
  [/^sub(s?cription)?[ _-]?(id)?$/i, d => d.subscription],
  [/^((identity|vnet|destination|image|sig)?(rg|resourceGroup))[ _-]?(name)?$/i, d => d.resourceGroup],
  [
    /^(acg|(sharedImage|sig|myIb|img)?[ _-]?(gal|gallery|galleryName|galName|sharedImageGal|sharedImageGalleryName))[ _-]?(name)?$/i,
    d => d.gallery,
  ],
  [/^(my)?image[ _-]?(def|definition)[ _-]?(name)?$/i, d => d.imageDefinition],
  [/^(region|location)1?([ _-]?name)?$/i, d => d.location],
  [/^(region|location)2([ _-]?name)?$/i, d => d.otherLocation],
  [/^(image|runOutput|(image|img)Template)[ _-]?name$/i, d => d.name],
  [/^imageVersion$/i, () => '1.0.0'],
  [/^(managedIdentity|identity|buildVMIdentity|imageTemplateIdentity)[ _-]?(id|name)?$/i, () => IDENTITY],
  [/^(principal|client)Id$/i, () => '00000000-0000-0000-0000-000000000000'],
  [
    /^imgBuilderId$/i,
    d =>
      `/subscriptions/${d.subscription}/resourceGroups/${d.resourceGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${IDENTITY}`,
  ],
];

/** The first placeholder in a text, as it stands there. Braces count in resource ids only: elsewhere they are a shell's. */
export function placeholderIn(text: string): string | undefined {
  return (ANGLE.exec(text) ??
    UNCLOSED.exec(text) ??
    (text.startsWith('/subscriptions/') ? BRACES.exec(text) : null))?.[0];
}

/** The text with every placeholder filled in whose meaning is known, and what was filled in. */
export function fillPlaceholders(
  text: string,
  defaults: PlaceholderDefaults,
): { readonly text: string; readonly filled: readonly (readonly [placeholder: string, value: string])[] } {
  const filled: (readonly [string, string])[] = [];
  const forms = [ANGLE, UNCLOSED, ...(text.startsWith('/subscriptions/') ? [BRACES] : [])];
  const pattern = new RegExp(forms.map(({ source }) => source).join('|'), 'g');
  const out = text.replace(pattern, (whole: string, inAngles?: string, unclosed?: string, inBraces?: unknown) => {
    const words = (inAngles ?? unclosed ?? (typeof inBraces === 'string' ? inBraces : '')).trim();
    const value =
      ownValue(defaults.others, words.toLowerCase()) ?? MEANINGS.find(([form]) => form.test(words))?.[1](defaults);
    if (value === undefined) return whole;
    filled.push([whole, value]);
    return value;
  });
  return { text: out, filled };
}

function ownValue(values: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
