/** What stands in for the names that published samples leave to the reader. */
export interface PlaceholderDefaults {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly gallery: string;
  readonly imageDefinition: string;
  readonly location: string;
}

const ANGLE = /<([A-Za-z][^<>\n]{0,60})>/;
const BRACES = /\{([^{}\n]{1,60})\}/;

/** The placeholder's words, as samples vary them: `<subscriptionID>`, `<rgName>`, `<sharedImageGalName>`, `<imageDefName>`. */
const MEANINGS: readonly (readonly [RegExp, keyof PlaceholderDefaults])[] = [
  [/^subscription[ -_]?(id)?$/i, 'subscription'],
  [/^(rg|((destination|sig)?resourceGroup))[ -_]?(name)?$/i, 'resourceGroup'],
  [
    /^(sharedImage|sig|myIb)?[ -_]?(gal|gallery|galleryName|galName|sharedImageGal|sharedImageGalleryName)[ -_]?(name)?$/i,
    'gallery',
  ],
  [/^(my)?image[ -_]?(def|definition)[ -_]?(name)?$/i, 'imageDefinition'],
  [/^(region|location)([ -_]?name)?$/i, 'location'],
];

/** The first placeholder in a text, as it stands there. Braces count in resource ids only: elsewhere they are a shell's. */
export function placeholderIn(text: string): string | undefined {
  return (ANGLE.exec(text) ?? (text.startsWith('/subscriptions/') ? BRACES.exec(text) : null))?.[0];
}

/** The text with every placeholder filled in whose meaning is known, and what was filled in. */
export function fillPlaceholders(
  text: string,
  defaults: PlaceholderDefaults,
): { readonly text: string; readonly filled: readonly (readonly [placeholder: string, value: string])[] } {
  const filled: (readonly [string, string])[] = [];
  const pattern = new RegExp(
    text.startsWith('/subscriptions/') ? `${ANGLE.source}|${BRACES.source}` : ANGLE.source,
    'g',
  );
  const out = text.replace(pattern, (whole: string, inAngles?: string, inBraces?: string) => {
    const words = (inAngles ?? inBraces ?? '').trim();
    const meaning = MEANINGS.find(([form]) => form.test(words))?.[1];
    if (meaning === undefined) return whole;
    filled.push([whole, defaults[meaning]]);
    return defaults[meaning];
  });
  return { text: out, filled };
}
