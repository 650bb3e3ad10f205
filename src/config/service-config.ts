import { z } from 'zod';
import { serviceError } from '../errors/service.ts';

const port = z.number().int().min(0).max(65_535);
const count = z.number().int().positive();
/** A timer that is set to more goes off at once. */
const MOST_MINUTES = 30_000;

/** The section `service` of `config.yaml`. What is absent has its default in `serviceConfig`. */
export const serviceSection = z.strictObject({
  host: z.string().min(1).optional(),
  port: port.optional(),
  publicUrl: z.string().optional(),
  tls: z
    .strictObject({
      cert: z.string().min(1).optional(),
      key: z.string().min(1).optional(),
      names: z.array(z.string().min(1)).optional(),
    })
    .optional(),
  location: z.string().min(1).optional(),
  onStop: z.enum(['finish', 'hand-back']).optional(),
  concurrency: z
    .strictObject({ runs: count.optional(), cpus: count.optional(), memoryMiB: count.optional() })
    .optional(),
  allowUpdates: z.boolean().optional(),
  strictConflict: z.boolean().optional(),
  triggers: z
    .strictObject({ pollMinutes: count.max(MOST_MINUTES, 'it is more than three weeks').optional() })
    .optional(),
  retention: z.strictObject({ runsDays: count.optional(), runsPerTemplate: count.optional() }).optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional(),
});

type Section = z.output<typeof serviceSection>;

/** How a text from the environment or the command line becomes a value. */
type Form = 'text' | 'number' | 'truth' | 'list';

export interface Setting {
  /** Path below `service` in `config.yaml`. */
  readonly path: string;
  readonly environment: string;
  /** Option of `kiln serve`, with its value's name. */
  readonly flag: string;
  readonly form: Form;
  readonly summary: string;
}

/** Everything about the service that can be set, in each of the three ways. A later way goes before an earlier one. */
export const SETTINGS: readonly Setting[] = [
  setting('host', 'KILN_HOST', '--host <address>', 'text', 'address to listen on'),
  setting('port', 'KILN_PORT', '--port <number>', 'number', 'port to listen on; 0 for any that is free'),
  setting('publicUrl', 'KILN_PUBLIC_URL', '--public-url <url>', 'text', 'the URL by which clients reach the service'),
  setting('tls.cert', 'KILN_TLS_CERT', '--tls-cert <file>', 'text', 'certificate of your own, with its chain, PEM'),
  setting('tls.key', 'KILN_TLS_KEY', '--tls-key <file>', 'text', 'its key, PEM'),
  setting(
    'tls.names',
    'KILN_TLS_NAMES',
    '--tls-names <names>',
    'list',
    "further names for Kiln's own certificate, separated by commas",
  ),
  setting('location', 'KILN_LOCATION', '--location <region>', 'text', 'region of what is made without naming one'),
  setting(
    'onStop',
    'KILN_ON_STOP',
    '--on-stop <what>',
    'text',
    'running builds at a stop: `finish` waits, `hand-back` leaves them to the next start',
  ),
  setting('concurrency.runs', 'KILN_MAX_RUNS', '--max-runs <number>', 'number', 'builds at the same time'),
  setting(
    'concurrency.cpus',
    'KILN_MAX_CPUS',
    '--max-cpus <number>',
    'number',
    'virtual CPUs of all build VMs together',
  ),
  setting(
    'concurrency.memoryMiB',
    'KILN_MAX_MEMORY_MIB',
    '--max-memory-mib <number>',
    'number',
    'memory of all build VMs together',
  ),
  setting('allowUpdates', 'KILN_ALLOW_UPDATES', '--allow-updates <true|false>', 'truth', 'let a PUT change a template'),
  setting(
    'strictConflict',
    'KILN_STRICT_CONFLICT',
    '--strict-conflict <true|false>',
    'truth',
    'answer Conflict to a PUT that changes nothing',
  ),
  setting(
    'triggers.pollMinutes',
    'KILN_TRIGGER_POLL_MINUTES',
    '--trigger-poll-minutes <number>',
    'number',
    'how often triggers look for a newer source',
  ),
  setting(
    'retention.runsDays',
    'KILN_RETENTION_DAYS',
    '--retention-days <number>',
    'number',
    'how long records and logs of runs are kept',
  ),
  setting(
    'retention.runsPerTemplate',
    'KILN_RETENTION_RUNS',
    '--retention-runs <number>',
    'number',
    'how many runs of a template are kept',
  ),
  setting(
    'logLevel',
    'KILN_LOG_LEVEL',
    '--log-level <level>',
    'text',
    'least important line that is logged: debug, info, warn, error, silent',
  ),
];

/** How a service runs, with defaults filled in. `docs/service.md` describes each. */
export interface ServiceConfig {
  readonly host: string;
  readonly port: number;
  /** Without a slash at its end. `undefined`: made from host and port. */
  readonly publicUrl: string | undefined;
  readonly tls: { readonly own: OwnCertificate | undefined; readonly names: readonly string[] };
  readonly location: string;
  readonly onStop: 'finish' | 'hand-back';
  /** `undefined`: as much as the machine has. */
  readonly concurrency: {
    readonly runs: number | undefined;
    readonly cpus: number | undefined;
    readonly memoryMiB: number | undefined;
  };
  readonly allowUpdates: boolean;
  readonly strictConflict: boolean;
  readonly triggers: { readonly pollMinutes: number };
  /** `undefined`: without limit. */
  readonly retention: { readonly runsDays: number | undefined; readonly runsPerTemplate: number | undefined };
  readonly logLevel: NonNullable<Section['logLevel']>;
}

/** Files of a certificate that Kiln did not make. */
export interface OwnCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface ServiceConfigSources {
  /** `service` of `config.yaml`, checked. */
  readonly file: Section;
  /** The file's name, for messages. */
  readonly fileName: string;
  /** `location` of the site. */
  readonly siteLocation: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Path of the setting to what was given on the command line. */
  readonly flags: ReadonlyMap<string, string>;
}

/**
 * Flags go before the environment, the environment before the file.
 *
 * @throws KilnError `ServiceSettingInvalid`
 */
export function serviceConfig({
  file,
  fileName,
  siteLocation,
  environment,
  flags,
}: ServiceConfigSources): ServiceConfig {
  const given = structuredClone<Record<string, unknown>>(file);
  const origins = new Map<string, string>();
  for (const { path, environment: variable, flag, form } of SETTINGS) {
    const option = flags.get(path);
    const text = option ?? environment[variable];
    if (text === undefined || (option === undefined && text === '')) continue;
    const where = option === undefined ? `The environment variable ${variable}` : `The option ${flag.split(' ')[0]}`;
    origins.set(path, where);
    put(given, path.split('.'), valueIn(text, form, where));
  }
  const whereIs = (path: string) => origins.get(path) ?? `\`service.${path}\` of ${fileName}`;
  const result = serviceSection.safeParse(given);
  if (!result.success) {
    const [issue] = result.error.issues;
    const path = issue?.path.filter(part => typeof part === 'string').join('.') ?? '';
    throw serviceError('ServiceSettingInvalid', { where: whereIs(path), reason: issue?.message ?? 'invalid' });
  }
  const { tls, concurrency, triggers, retention, ...set } = result.data;
  return {
    host: set.host ?? '127.0.0.1',
    port: set.port ?? 8443,
    publicUrl: set.publicUrl === undefined ? undefined : checkedUrl(set.publicUrl, whereIs('publicUrl')),
    tls: { own: ownCertificate(tls, whereIs), names: tls?.names ?? [] },
    location: set.location ?? siteLocation,
    onStop: set.onStop ?? 'hand-back',
    concurrency: { runs: concurrency?.runs, cpus: concurrency?.cpus, memoryMiB: concurrency?.memoryMiB },
    allowUpdates: set.allowUpdates ?? false,
    strictConflict: set.strictConflict ?? false,
    triggers: { pollMinutes: triggers?.pollMinutes ?? 60 },
    retention: { runsDays: retention?.runsDays, runsPerTemplate: retention?.runsPerTemplate },
    logLevel: set.logLevel ?? 'info',
  };
}

function setting(path: string, environment: string, flag: string, form: Form, summary: string): Setting {
  return { path, environment, flag, form, summary };
}

function valueIn(text: string, form: Form, where: string): unknown {
  const wrong = (reason: string) => serviceError('ServiceSettingInvalid', { where, reason });
  switch (form) {
    case 'text':
      return text;
    case 'number':
      if (!/^\d+$/.test(text)) throw wrong(`\`${text}\` is not a whole number`);
      return Number(text);
    case 'truth':
      if (text !== 'true' && text !== 'false') throw wrong(`\`${text}\` is neither \`true\` nor \`false\``);
      return text === 'true';
    case 'list':
      return text
        .split(',')
        .map(part => part.trim())
        .filter(part => part !== '');
  }
}

function put(target: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const inner = target[first];
  const copy: Record<string, unknown> = typeof inner === 'object' && inner !== null ? { ...inner } : {};
  target[first] = copy;
  put(copy, rest, value);
}

/** `az` accepts no other scheme than https; a path would come before the paths that it knows. */
function checkedUrl(text: string, where: string): string {
  const wrong = (reason: string) => serviceError('ServiceSettingInvalid', { where, reason });
  if (!URL.canParse(text)) throw wrong(`\`${text}\` is not a URL`);
  const url = new URL(text);
  if (url.protocol !== 'https:') throw wrong('it has to begin with https://, which clients insist on');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw wrong('it is https://, a name and perhaps a port, and nothing more');
  }
  return url.origin;
}

function ownCertificate(tls: Section['tls'], whereIs: (path: string) => string): OwnCertificate | undefined {
  const { cert, key } = tls ?? {};
  if (cert === undefined && key === undefined) return undefined;
  if (cert !== undefined && key !== undefined) return { cert, key };
  const [there, missing] = cert === undefined ? ['tls.key', 'tls.cert'] : ['tls.cert', 'tls.key'];
  throw serviceError('ServiceSettingInvalid', { where: whereIs(there), reason: `\`${missing}\` has to be set too` });
}
