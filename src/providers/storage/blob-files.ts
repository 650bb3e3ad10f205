import { constants, type Dirent, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { storageError } from '../../errors/storage.ts';
import { type BlobUri, isContainerName } from '../../galleries/blob-uri.ts';
import type { KilnHome } from '../../home/kiln-home.ts';
import { runDirectory } from '../../home/run-directory.ts';
import { accountRegion } from '../../store/storage-blobs.ts';
import type { Store } from '../../store/store.ts';
import { ACCOUNT_NAME, findAccount, templateOf } from './accounts.ts';
import { containersOf } from './containers.ts';
import { LOGS } from './places.ts';

/** A blob of a list. */
export interface BlobEntry {
  /** Its path in the container, with `/`. */
  readonly name: string;
  readonly size: number;
  readonly modified: Date;
  readonly etag: string;
}

/** A blob that is being read. Whoever has it closes the file. */
export interface OpenBlob extends BlobEntry {
  readonly file: FileHandle;
}

interface Account {
  readonly name: string;
  readonly location: string;
  readonly internal: Readonly<Record<string, unknown>>;
}

/** The blobs of all storage accounts, as files of this machine. */
export class BlobFiles {
  readonly #store: Store;
  readonly #home: Pick<KilnHome, 'runs'>;

  constructor(store: Store, home: Pick<KilnHome, 'runs'>) {
    this.#store = store;
    this.#home = home;
  }

  /** @throws KilnError `StorageAccountNotFound`, `ContainerNotFound`, `BlobNotFound`. */
  async open({ account: name, container, path }: BlobUri): Promise<OpenBlob> {
    const account = await this.#container(name, container);
    const place = isLogs(account, container)
      ? await this.#log(account, path)
      : { root: this.#directory(account, container), path: safePath(path) };
    if (place === undefined) throw storageError('BlobNotFound', {});
    const file = await openBelow(place.root, place.path);
    try {
      const found = await file.stat();
      if (!found.isFile()) throw storageError('BlobNotFound', {});
      return { ...entryOf(path, found), file };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Blobs of a container in the order of their names.
   *
   * @throws KilnError `StorageAccountNotFound`, `ContainerNotFound`.
   */
  async list(name: string, container: string, prefix: string): Promise<readonly BlobEntry[]> {
    const account = await this.#container(name, container);
    const entries = isLogs(account, container)
      ? await this.#logs(account)
      : await below(this.#directory(account, container));
    return entries.filter(entry => entry.name.startsWith(prefix)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws KilnError `StorageAccountNotFound`. */
  async containers(name: string): Promise<readonly string[]> {
    return containersOf(this.#store, await this.#account(name));
  }

  async #account(name: string): Promise<Account> {
    const notThere = storageError('StorageAccountNotFound', { account: name.slice(0, 24) });
    if (!ACCOUNT_NAME.pattern.test(name)) throw notThere;
    const row = await findAccount(this.#store.db, name);
    if (row !== undefined) return { name, location: row.location ?? '', internal: JSON.parse(row.internal) };
    // A build on the command line makes accounts that are no resources.
    const region = await accountRegion(this.#store, this.#store.db, name);
    if (region === undefined) throw notThere;
    return { name, location: region, internal: {} };
  }

  async #container(name: string, container: string): Promise<Account> {
    const account = await this.#account(name);
    if (isContainerName(container) && (await containersOf(this.#store, account)).includes(container)) return account;
    throw storageError('ContainerNotFound', {});
  }

  #directory({ name, location }: Account, container: string): string {
    return join(this.#store.region(location).storage, name, container);
  }

  /** The file of `<run>/customization.log`, if the run is one of the account's template. */
  async #log(account: Account, path: string): Promise<{ readonly root: string; readonly path: string } | undefined> {
    const [runId = '', file = '', ...more] = path.split('/');
    if (more.length > 0) return undefined;
    const run = await this.#runs(account).where('id', '=', runId).executeTakeFirst();
    const directory = run === undefined ? undefined : runDirectory(join(this.#home.runs, run.id));
    const log = directory === undefined ? undefined : logsOf(directory).find(one => one.endsWith(`${sep}${file}`));
    return directory === undefined || log === undefined || file === ''
      ? undefined
      : { root: directory.root, path: relative(directory.root, log) };
  }

  async #logs(account: Account): Promise<readonly BlobEntry[]> {
    const runs = await this.#runs(account).execute();
    const found: BlobEntry[] = [];
    for (const { id } of runs) {
      const directory = runDirectory(join(this.#home.runs, id));
      for (const log of logsOf(directory)) {
        const file = await lstat(log).catch(() => undefined);
        if (file?.isFile()) found.push(entryOf(`${id}/${relative(directory.root, log)}`, file));
      }
    }
    return found;
  }

  #runs(account: Account) {
    return this.#store.db
      .selectFrom('runs')
      .select('id')
      .where('template_key', '=', templateOf(account) ?? '');
  }
}

function isLogs(account: Account, container: string): boolean {
  return container === LOGS && templateOf(account) !== undefined;
}

function logsOf({ customizationLog, validationLog }: ReturnType<typeof runDirectory>): readonly string[] {
  return [customizationLog, validationLog];
}

function safePath(path: string): string {
  const parts = path.split('/');
  if (parts.some(part => /^\.{0,2}$|[\\\0]/.test(part))) throw storageError('BlobNotFound', {});
  return join(...parts);
}

/** Opens a file that is really below a directory: no link on the way leads out of it, whoever put it there. */
async function openBelow(root: string, path: string): Promise<FileHandle> {
  const file = await open(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    cause => {
      const { code } = cause as NodeJS.ErrnoException;
      if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'].includes(code ?? ''))
        throw storageError('BlobNotFound', {}, { cause });
      throw cause;
    },
  );
  try {
    const [real, expected] = await Promise.all([realpath(`/proc/self/fd/${file.fd}`), realpath(root)]);
    if (real !== join(expected, path)) throw storageError('BlobNotFound', {});
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function below(root: string): Promise<BlobEntry[]> {
  const files: Dirent[] = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const entries = files
    .filter(file => file.isFile())
    .map(async file => {
      const path = join(file.parentPath, file.name);
      const found = await stat(path).catch(() => undefined);
      return found === undefined ? [] : [entryOf(relative(root, path).split(sep).join('/'), found)];
    });
  return (await Promise.all(entries)).flat();
}

function entryOf(name: string, { size, mtimeMs, mtime, ino }: Stats): BlobEntry {
  const tag = [ino, size, Math.floor(mtimeMs * 1000)].map(number => number.toString(16)).join('-');
  return { name, size, modified: mtime, etag: `"0x${tag}"` };
}
