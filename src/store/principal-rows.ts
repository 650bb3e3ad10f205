/** The directory that this store's principals belong to: one row, made at the first start of a service. */
export interface TenantRow {
  /** A GUID. */
  readonly id: string;
  readonly created_at: string;
}

export interface PrincipalRow {
  /** A GUID; what roles are assigned to. */
  readonly object_id: string;
  /** A GUID; what a principal logs in as. */
  readonly app_id: string;
  readonly kind: 'ServicePrincipal' | 'ManagedIdentity' | 'User';
  readonly display_name: string;
  readonly tenant_id: string;
  readonly created_at: string;
  readonly disabled: number;
}

export interface PrincipalSecretRow {
  /** A GUID. */
  readonly id: string;
  readonly object_id: string;
  /** `scrypt`, its parameters, salt and hash, separated by `$`. */
  readonly hash: string;
  /** The first characters of the secret, by which a person knows which one it is. */
  readonly hint: string;
  readonly created_at: string;
  /** `null` for one that is valid until it is removed. */
  readonly expires_at: string | null;
}

/** What a principal logs in with by signing. */
export interface PrincipalCertificateRow {
  readonly object_id: string;
  /** SHA-256, as people compare it: `AB:CD:...`. */
  readonly fingerprint: string;
  /** PEM. */
  readonly certificate: string;
  readonly created_at: string;
  readonly expires_at: string;
}
