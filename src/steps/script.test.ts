import { describe, expect, it } from 'vitest';
import { scriptNeeds, scriptSummary } from './script.ts';

const inline = (...commands: string[]) => ({ sha256Checksum: '', inline: commands });
const script = (scriptUri: string) => ({ sha256Checksum: '', scriptUri });

describe('scriptSummary', () => {
  it('is the file name of a script, without the signature behind it', () => {
    expect(scriptSummary(script('https://a.example/b/setup.sh?sv=1&sig=secret'))).toBe('setup.sh');
    expect(scriptSummary(script('setup.sh'))).toBe('setup.sh');
    expect(scriptSummary(script('https://a.example/b/'))).toBe('https://a.example/b/');
  });

  it('is the first command, and how many follow', () => {
    expect(scriptSummary(inline('  ', 'sudo apt-get update\nmore', 'b', 'c'))).toBe('sudo apt-get update (+2)');
    expect(scriptSummary(inline('x'.repeat(100)))).toBe(`${'x'.repeat(59)}…`);
    expect(scriptSummary(inline(''))).toBe('');
  });
});

describe('scriptNeeds', () => {
  it('is the script, or nothing', () => {
    expect(scriptNeeds(inline('true'), 'p')).toEqual([]);
    expect(scriptNeeds(script('a.sh'), 'p')).toEqual([
      { uri: 'a.sh', sha256: '', path: 'p.scriptUri', kind: 'script' },
    ]);
  });
});
