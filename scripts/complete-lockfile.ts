// Prevents: `npm ci` failing in a fresh clone. npm leaves an optional package of another platform out of the lock file when its
// registry does not offer it at that moment, and `npm ci` then refuses the lock file as incomplete. Run after `npm install`:
// it writes the missing entries, which no Linux x64 machine installs. With --check it only says whether any are missing.
import { readFileSync, writeFileSync } from 'node:fs';

interface Locked {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const OSES = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const CPUS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> };
const added: string[] = [];
for (const [path, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const nested = `${path === '' ? '' : `${path}/`}node_modules/${name}`;
    const top = `node_modules/${name}`;
    if (lock.packages[nested] !== undefined || lock.packages[top] !== undefined) continue;
    lock.packages[top] = {
      version,
      ...platformOf(name),
      ...(parent.dev === true ? { dev: true } : {}),
      optional: true,
    };
    added.push(`${name}@${version}`);
  }
}

if (added.length === 0) process.exit(0);
if (process.argv.includes('--check')) {
  console.error(`package-lock.json has no entry for ${added.join(', ')}: run \`npm run lockfile\``);
  process.exit(1);
}
const packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
console.error(`package-lock.json: added ${added.length} entries`);

/** The platform that a package of binaries is named after, e.g. `@biomejs/cli-linux-x64-musl`. */
function platformOf(name: string): Pick<Locked, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[-/]/);
  const os = OSES.find(known => words.includes(known));
  const cpu = CPUS.find(known => words.includes(known));
  if (os === undefined || cpu === undefined) {
    throw new Error(`${name} is missing from package-lock.json and its name does not say its platform`);
  }
  const libc = words.some(word => word.startsWith('musl')) ? 'musl' : 'glibc';
  return { os: [os], cpu: [cpu], ...(os === 'linux' ? { libc: [libc] } : {}) };
}
