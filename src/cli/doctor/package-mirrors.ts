import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Hosts that this machine's own packages come from, by apt's configuration in `etc`. None on other systems. */
export async function packageMirrors(etc: string): Promise<string[]> {
  const parts = join(etc, 'apt/sources.list.d');
  const names = (await readdir(parts).catch(() => [])).sort();
  const files = [join(etc, 'apt/sources.list'), ...names.map(name => join(parts, name))];
  const hosts: string[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (file.endsWith('.list')) hosts.push(...hostsOfList(text));
    if (file.endsWith('.sources')) hosts.push(...hostsOfDeb822(text));
  }
  return [...new Set(hosts)];
}

/** `deb [options] URI suite components` */
export function hostsOfList(text: string): string[] {
  return text.split('\n').flatMap(line => {
    const uri = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)/.exec(line)?.[1];
    return uri === undefined ? [] : hostOf(uri);
  });
}

/** Paragraphs of fields; the URIs may go on in lines that begin with a blank. */
export function hostsOfDeb822(text: string): string[] {
  const lines = text.split('\n').filter(line => !line.startsWith('#'));
  return lines
    .join('\n')
    .split(/\n\s*\n/)
    .filter(paragraph => !/^Enabled:\s*no\s*$/im.test(paragraph) && /^Types:.*\bdeb\b(?!-src)/im.test(paragraph))
    .flatMap(paragraph => /^URIs:((?:.*(?:\n[ \t])?)*)/im.exec(paragraph)?.[1]?.trim().split(/\s+/) ?? [])
    .flatMap(hostOf);
}

function hostOf(uri: string): string[] {
  const url = URL.parse(uri.replace(/^(mirror|tor)\+/, ''));
  return url === null || url.hostname === '' ? [] : [url.hostname.replace(/^\[(.*)\]$/, '$1')];
}
