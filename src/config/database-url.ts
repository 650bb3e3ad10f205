const SCHEMES = ['postgres:', 'postgresql:'];

/** What is wrong with the URL of a database, without the URL itself, which may hold a password. `undefined`: nothing. */
export function databaseUrlProblem(url: string): string | undefined {
  const parsed = parse(url);
  if (parsed === undefined) return 'this is no URL; the form is postgres://user:password@host:port/database';
  if (!SCHEMES.includes(parsed.protocol)) return 'only a PostgreSQL database has a URL here: postgres://...';
  if (parsed.pathname.length < 2) return 'the database is missing: postgres://user:password@host:port/database';
  return undefined;
}

/** The URL with host and database only: what may be shown and logged. */
export function databaseName(url: string): string {
  const parsed = parse(url);
  if (parsed === undefined) return 'postgres:';
  const host = parsed.searchParams.get('host') ?? decodeURIComponent(parsed.host);
  // Of a Unix socket the host is a directory.
  return host.startsWith('/') ? `postgres:${parsed.pathname} at ${host}` : `postgres://${host}${parsed.pathname}`;
}

function parse(url: string): URL | undefined {
  // A user without a host, who is on a Unix socket, is no URL for the URL standard.
  const whole = url.replace('@/', '@localhost/');
  return URL.canParse(whole) ? new URL(whole) : undefined;
}
