import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { serviceDirectory } from '../../../home/service-directory.ts';
import { writeWhole } from '../../../home/write-whole.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Keeps what must not be in the database as it is: values of parameters, some of which may be secret. */
export class Seal {
  readonly #directory: string;
  #key: Promise<Buffer> | undefined;

  /** @param directory of the service, where the key is */
  constructor(directory: string) {
    this.#directory = directory;
  }

  async seal(value: unknown): Promise<string> {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', await this.#opened(), nonce);
    const sealed = [cipher.update(JSON.stringify(value), 'utf8'), cipher.final()];
    return Buffer.concat([nonce, cipher.getAuthTag(), ...sealed]).toString('base64');
  }

  async open(sealed: string): Promise<unknown> {
    const bytes = Buffer.from(sealed, 'base64');
    const [nonce, tag] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)];
    const decipher = createDecipheriv('aes-256-gcm', await this.#opened(), nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(tag);
    const text = [decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()];
    return JSON.parse(Buffer.concat(text).toString('utf8'));
  }

  #opened(): Promise<Buffer> {
    this.#key ??= openKey(serviceDirectory(this.#directory).deploymentKey).catch((error: unknown) => {
      this.#key = undefined;
      throw error;
    });
    return this.#key;
  }
}

/** The key in a file; a new one where there is no file. Of two that are made at once, the first stays. */
async function openKey(path: string): Promise<Buffer> {
  const found = await readKey(path);
  if (found !== undefined) return found;
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const made = `${path}.${randomBytes(6).toString('hex')}`;
  await writeWhole(made, randomBytes(KEY_BYTES).toString('base64'), 0o600);
  await link(made, path).catch((error: unknown) => {
    if (!isCode(error, 'EEXIST')) throw error;
  });
  await rm(made);
  const key = await readKey(path);
  if (key === undefined) throw new Error(`${path} is gone`);
  return key;
}

async function readKey(path: string): Promise<Buffer | undefined> {
  try {
    const key = Buffer.from(await readFile(path, 'utf8'), 'base64');
    if (key.length !== KEY_BYTES) throw new Error(`${path} holds no key`);
    return key;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
