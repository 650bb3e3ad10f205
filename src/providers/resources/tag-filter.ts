import { type Condition, meets, parseFilter } from '../../arm/filter.ts';
import { armError } from '../../errors/arm.ts';

type Tags = Readonly<Record<string, string>>;

const TAG_PROPERTIES = ['tagname', 'tagvalue'];

/** A `$filter` of resources or resource groups: conditions on properties, and a tag that a thing has to have. */
export interface ResourceFilter {
  readonly conditions: readonly Condition[];
  accepts(tags: Tags, textOf: (property: string) => string | undefined): boolean;
}

/**
 * Reads a `$filter` such as `tagName eq 'a' and tagValue eq 'b'`: both are about one tag.
 *
 * @param properties that conditions may be about besides tags, in lower case
 * @throws KilnError `InvalidFilterInQueryString`.
 */
export function resourceFilter(filter: string | null, properties: readonly string[]): ResourceFilter {
  const all = parseFilter(filter);
  for (const { property, operator } of all) {
    const reason =
      !properties.includes(property) && !TAG_PROPERTIES.includes(property)
        ? `\`${property}\` is none of ${[...properties, ...TAG_PROPERTIES].join(', ')}`
        : TAG_PROPERTIES.includes(property) && operator === 'ne'
          ? 'tags are compared with `eq`'
          : undefined;
    if (reason !== undefined) throw armError('InvalidFilterInQueryString', { filter: filter ?? '', reason });
  }
  const isOfTags = ({ property }: Condition) => TAG_PROPERTIES.includes(property);
  const ofTags = all.filter(isOfTags);
  const conditions = all.filter(one => !isOfTags(one));
  return {
    conditions,
    accepts: (tags, textOf) =>
      meets(conditions, textOf) &&
      (ofTags.length === 0 ||
        Object.entries(tags).some(([name, value]) =>
          meets(ofTags, property => (property === 'tagname' ? name : value)),
        )),
  };
}
