import { readFile } from 'node:fs/promises';
import { templateError } from '../errors/template.ts';

/**
 * The text of a template file, in UTF-8 or in the UTF-16 that Windows PowerShell writes.
 *
 * @throws KilnError `TemplateUnreadable`
 */
export async function readTemplate(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw templateError('TemplateUnreadable', { file, reason: (cause as Error).message }, { cause });
  }
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  try {
    return new TextDecoder(utf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw templateError('TemplateUnreadable', { file, reason: 'it is neither UTF-8 nor UTF-16' }, { cause });
  }
}
