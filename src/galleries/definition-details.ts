import type { ImageDefinitionRow } from '../store/database.ts';

/** What a definition is called besides its name. */
export interface DefinitionIdentifier {
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
}

export interface ResourceRange {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** What is said of a definition to those who use it. Nothing here has an effect on a build. */
export interface DefinitionDetails {
  readonly description?: string | undefined;
  readonly eula?: string | undefined;
  readonly privacyStatementUri?: string | undefined;
  readonly releaseNoteUri?: string | undefined;
  /** ISO 8601. */
  readonly endOfLifeDate?: string | undefined;
  /** Processors, and GB of memory. */
  readonly recommended?:
    | { readonly vCPUs?: ResourceRange | undefined; readonly memory?: ResourceRange | undefined }
    | undefined;
  readonly disallowed?: { readonly diskTypes?: readonly string[] | undefined } | undefined;
}

/** Of a definition that nobody declared: its gallery and its own name, which no other has. */
export function identifierOf({ id, generation, identifier }: ImageDefinitionRow): DefinitionIdentifier {
  if (identifier !== null) return JSON.parse(identifier) as DefinitionIdentifier;
  const [, gallery = '', definition = ''] = /\/galleries\/([^/]+)\/images\/([^/]+)$/i.exec(id) ?? [];
  return { publisher: gallery, offer: definition, sku: generation };
}

/** An identifier as a column of the database, its parts always in one order. */
export function identifierColumn({ publisher, offer, sku }: DefinitionIdentifier): string {
  return JSON.stringify({ publisher, offer, sku });
}

export function detailsOf({ details }: Pick<ImageDefinitionRow, 'details'>): DefinitionDetails {
  return JSON.parse(details) as DefinitionDetails;
}
