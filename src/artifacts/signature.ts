import { chmod, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { artifactError } from '../errors/artifacts.ts';
import { KilnError } from '../errors/kiln-error.ts';
import { runTool } from '../sandbox/tool.ts';
import type { PartialDownload } from './partial.ts';

export interface SignedText {
  readonly text: Uint8Array;
  /** Where the text is from, for messages. */
  readonly uri: string;
  /** A signature in a file of its own; without it the text is a clear-signed message. */
  readonly signature?: Uint8Array;
  /** File with the public keys that may sign, binary or ASCII-armored. */
  readonly keyring: string;
}

/**
 * The signed part of a text. Of a clear-signed message only what the signature covers is returned: anyone could have
 * written around it.
 *
 * @param scratch - whose directory is used for what gpgv reads; the caller removes it.
 * @throws KilnError `SignatureInvalid`, `ToolMissing`
 */
export async function verifiedText(signed: SignedText, scratch: PartialDownload, signal: AbortSignal): Promise<string> {
  const { uri, keyring } = signed;
  const directory = dirname(scratch.body);
  await chmod(directory, 0o755);
  const put = async (name: string, content: Uint8Array) => {
    const path = join(directory, name);
    await writeFile(path, content, { mode: 0o644 });
    return path;
  };
  const keys = await readFile(keyring).catch((cause: Error) => {
    throw artifactError('SignatureInvalid', { uri, keyring, reason: cause.message });
  });
  const files = ['--keyring', await put('keys.gpg', binaryKeys(keys))];
  const text = await put('text', signed.text);
  const subject =
    signed.signature === undefined
      ? ['--output', '-', text]
      : [await put('signature', binaryKeys(signed.signature)), text];
  try {
    const { stdout } = await runTool('gpgv', ['--quiet', ...files, ...subject], { readable: [directory], signal });
    return signed.signature === undefined ? stdout : Buffer.from(signed.text).toString('utf8');
  } catch (error) {
    if (!(error instanceof KilnError) || error.code !== 'ToolFailed') throw error;
    const reason = error.output.at(-1)?.replace(/^gpgv: /, '') ?? error.message;
    throw artifactError('SignatureInvalid', { uri, keyring, reason }, { output: error.output, cause: error });
  }
}

const ARMOR =
  /-----BEGIN PGP [A-Z ]+-----\r?\n(?:[^\n]*: [^\n]*\n)*\r?\n([A-Za-z0-9+/=\s]+?)(?:\n=[A-Za-z0-9+/]{4})?\r?\n-----END/g;

/** gpgv reads binary keyrings only; publishers hand out armored ones. */
function binaryKeys(content: Uint8Array): Uint8Array {
  const text = Buffer.from(content).toString('latin1');
  if (!text.trimStart().startsWith('-----BEGIN PGP ')) return content;
  return Buffer.concat(
    [...text.matchAll(ARMOR)].map(([, body = '']) => Buffer.from(body.replace(/\s/g, ''), 'base64')),
  );
}
