import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { loadSiteConfig } from '../config/site-config.ts';
import { type ErrorDetail, KilnError } from '../errors/kiln-error.ts';
import { templateError } from '../errors/template.ts';
import { printable } from '../events/printable.ts';
import { scrubber } from '../events/scrub.ts';
import { kilnHome } from '../home/kiln-home.ts';
import { vmSize } from '../plan/vm-sizes.ts';
import { type ParsedTemplate, parseTemplate } from '../template/parse.ts';
import type { PlaceholderDefaults } from '../template/placeholders.ts';

/**
 * Reads a template file and checks all that can be known from it alone: its language, and its VM size.
 *
 * @throws KilnError `TemplateUnreadable`, `TemplateInvalid`, `UnknownVmSize`, `UnsupportedVmSize`
 */
export async function validateTemplateFile(file: string, placeholders?: PlaceholderDefaults): Promise<ParsedTemplate> {
  const parsed = parseTemplate(await readTemplate(file), {
    file,
    ...(placeholders === undefined ? {} : { placeholders }),
  });
  const size = parsed.template.vmProfile.vmSize;
  if (size !== '') vmSize(size);
  return parsed;
}

/** What the site's configuration says where a template leaves a name to its reader; the service never guesses. */
export function sitePlaceholders(file: string): PlaceholderDefaults {
  const { subscription, resourceGroup, gallery, location } = loadSiteConfig(kilnHome());
  return { subscription, resourceGroup, gallery, location, imageDefinition: basename(file).replace(/\.[^.]*$/, '') };
}

/** The text of a template file, in UTF-8 or in the UTF-16 that Windows PowerShell writes. */
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

/**
 * One line for each problem, `file:line:column: error: message (path)`, as compilers write it and editors read it.
 *
 * @param problems an error of `validateTemplateFile`, or warnings
 */
export function renderProblems(problems: KilnError | readonly ErrorDetail[], file: string): string[] {
  if (!(problems instanceof KilnError)) return problems.map(one => renderProblem(one, file));
  if (problems.details.length > 0) return problems.details.map(one => renderProblem(one, file));
  const { code, message, target } = problems;
  return [renderProblem({ code, message, ...(target === undefined ? {} : { target }) }, file)];
}

function renderProblem(problem: ErrorDetail, file: string): string {
  const place = problem.line === undefined ? file : `${file}:${problem.line}:${problem.column ?? 1}`;
  const path = problem.target === undefined || problem.target === '' ? '' : ` (${problem.target})`;
  return printable(scrubber()(`${place}: ${problem.severity ?? 'error'}: ${problem.message}${path}`));
}
