import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KilnError } from '../errors/kiln-error.ts';
import { example, text } from '../template/example.fixture.ts';
import { checkTemplateFile, renderProblems } from './validate.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiln-validate-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function fileWith(content: string | Buffer): Promise<string> {
  const file = join(directory, 'template.json');
  await writeFile(file, content);
  return file;
}

const NO_INPUT = { parameters: {}, parametersFile: undefined, templateName: undefined };

describe('checkTemplateFile', () => {
  it('reads UTF-8 and the UTF-16 of Windows PowerShell', async () => {
    const content = text(example());
    const utf16 = Buffer.from(`\uFEFF${content}`, 'utf16le');
    for (const encoded of [content, utf16]) {
      expect((await checkTemplateFile(await fileWith(encoded), NO_INPUT)).template.name).toBe('template');
    }
    await expect(checkTemplateFile(await fileWith(Buffer.from([0x7b, 0xff, 0x7d])), NO_INPUT)).rejects.toMatchObject({
      code: 'TemplateUnreadable',
      exit: 2,
    });
  });

  it('names a file that is not there, and a VM size that is none', async () => {
    await expect(checkTemplateFile(join(directory, 'absent.json'), NO_INPUT)).rejects.toMatchObject({
      code: 'TemplateUnreadable',
    });
    const file = await fileWith(text(example({ vmProfile: { vmSize: 'Standard_NC6' } })));
    const error: KilnError = await checkTemplateFile(file, NO_INPUT).catch(e => e);
    expect(renderProblems(error, 'template.json')).toEqual([
      'template.json:32:17: error: The VM size `Standard_NC6` promises a GPU or FPGA, which a build machine of Kiln does not have. (properties.vmProfile.vmSize)',
    ]);
  });
});

describe('renderProblems', () => {
  it('writes a line for each problem, with its place', async () => {
    const file = await fileWith(
      '{\n  "apiVersion": "2022-07-01",\n  "location": 5,\n  "properties": { "x\\u001b[2J": 1 }\n}',
    );
    const error: KilnError = await checkTemplateFile(file, NO_INPUT).catch(e => e);
    expect(renderProblems(error, 't.json')).toEqual([
      't.json:3:15: error: `location` must be a string, not `5`. (location)',
      't.json:4:17: error: `source` is needed. (properties.source)',
      't.json:4:17: error: `distribute` is needed. (properties.distribute)',
      't.json:4:19: warning: API version 2022-07-01 does not define `x` here. It is ignored. (properties["x\\u001b[2J"])',
    ]);
  });

  it('writes warnings the same way', async () => {
    const { warnings } = await checkTemplateFile(
      await fileWith(text(example({ x: 1 }, { apiVersion: '2022-07-01' }))),
      NO_INPUT,
    );
    expect(renderProblems(warnings, 't.json')).toEqual([
      't.json:31:5: warning: API version 2022-07-01 does not define `x` here. It is ignored. (properties.x)',
    ]);
  });
});
