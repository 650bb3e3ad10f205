import { describe, expect, it } from 'vitest';
import { shellNeeds, shellSummary } from './describe.ts';

const inline = (...commands: string[]) => ({ type: 'Shell' as const, name: '', sha256Checksum: '', inline: commands });
const script = (scriptUri: string) => ({ type: 'Shell' as const, name: '', sha256Checksum: '', scriptUri });

describe('shellSummary', () => {
  it('is the file name of a script, without the signature behind it', () => {
    expect(shellSummary(script('https://a.example/b/setup.sh?sv=1&sig=secret'))).toBe('setup.sh');
    expect(shellSummary(script('setup.sh'))).toBe('setup.sh');
    expect(shellSummary(script('https://a.example/b/'))).toBe('https://a.example/b/');
  });

  it('is the first command, and how many follow', () => {
    expect(shellSummary(inline('  ', 'sudo apt-get update\nmore', 'b', 'c'))).toBe('sudo apt-get update (+2)');
    expect(shellSummary(inline('x'.repeat(100)))).toBe(`${'x'.repeat(59)}…`);
    expect(shellSummary(inline(''))).toBe('');
  });
});

describe('shellNeeds', () => {
  it('is the script, or nothing', () => {
    expect(shellNeeds(inline('true'), 'p')).toEqual([]);
    expect(shellNeeds(script('a.sh'), 'p')).toEqual([{ uri: 'a.sh', sha256: '', path: 'p.scriptUri', kind: 'script' }]);
  });
});
