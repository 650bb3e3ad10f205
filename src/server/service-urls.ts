/** Resources by whose names Azure's clients know Resource Manager: those that are not told better ask for a token to it. */
const AZURE_MANAGEMENT = ['https://management.azure.com', 'https://management.core.windows.net'];

/** The addresses of a service. They are known once it listens: its port may be one that the system chose. */
export interface ServiceUrls {
  /** Without a slash at its end, e.g. `https://localhost:8443`. */
  base(): string;
  /** Issuer of tokens. */
  authority(): string;
  tokenEndpoint(): string;
  /** Of what clients take for Microsoft Graph. */
  graph(): string;
  /** What a token for Resource Manager may be for; the first is what clients are told. */
  managementAudiences(): readonly string[];
  /** All resources that clients may get tokens for, without a slash at their end. */
  audiences(): readonly string[];
}

export function serviceUrls(base: () => string): ServiceUrls {
  const managementAudiences = () => [base(), ...AZURE_MANAGEMENT];
  return {
    base,
    // Azure's clients take a path of this name for a server of its own, whose tokens they ask for without asking Azure first.
    authority: () => `${base()}/adfs`,
    tokenEndpoint: () => `${base()}/adfs/oauth2/token`,
    graph: () => `${base()}/graph`,
    managementAudiences,
    audiences: () => [...managementAudiences(), `${base()}/graph`],
  };
}
