/** Words that names of Azure's regions are made of, with the way they are shown. The longest that fits comes first. */
const WORDS: readonly (readonly [part: string, shown: string])[] = (
  [
    ...[
      'Australia',
      'Austria',
      'Belgium',
      'Brazil',
      'Canada',
      'Chile',
      'China',
      'Denmark',
      'France',
      'Germany',
      'India',
    ],
    ...[
      'Indonesia',
      'Israel',
      'Italy',
      'Japan',
      'Jio',
      'Korea',
      'Malaysia',
      'Mexico',
      'New Zealand',
      'Norway',
      'Poland',
    ],
    ...['Qatar', 'South Africa', 'Spain', 'Sweden', 'Switzerland', 'Taiwan', 'UAE', 'UK', 'US', 'USGov', 'USDoD'],
    ...['Asia', 'Europe', 'East', 'West', 'North', 'South', 'Central', 'Southeast', 'Northwest'],
    ...['Arizona', 'Texas', 'Virginia', 'EUAP', '2', '3'],
  ] as const
)
  .map(shown => [shown.toLowerCase().replaceAll(' ', ''), shown] as const)
  .sort(([a], [b]) => b.length - a.length);

/** Which part of the world a region lies in, by a word of its name. */
const GEOGRAPHIES: readonly (readonly [words: RegExp, geography: string])[] = [
  [/US\b|USGov|USDoD/, 'US'],
  [/UAE|Qatar|Israel/, 'Middle East'],
  [/South Africa/, 'Africa'],
  [/Brazil|Chile/, 'South America'],
  [/Canada/, 'Canada'],
  [/Mexico/, 'Mexico'],
  [/\bUK\b/, 'UK'],
  [/Australia|Asia|China|India|Indonesia|Japan|Korea|Malaysia|New Zealand|Taiwan/, 'Asia Pacific'],
  [/Austria|Belgium|Denmark|Europe|France|Germany|Italy|Norway|Poland|Spain|Sweden|Switzerland/, 'Europe'],
];

/** `West Europe` for `westeurope`; the name of a region of the site's own as it is. */
export function displayName(region: string): string {
  const shown: string[] = [];
  let rest = region;
  while (rest !== '') {
    const found = WORDS.find(([part]) => rest.startsWith(part));
    if (found === undefined) return region;
    shown.push(found[1]);
    rest = rest.slice(found[0].length);
  }
  return shown.join(' ');
}

/** Part of the world, by the name that is shown; `undefined` for a region of the site's own. */
export function geography(shown: string): string | undefined {
  return GEOGRAPHIES.find(([words]) => words.test(shown))?.[1];
}
