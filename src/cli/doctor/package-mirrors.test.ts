import { expect, test } from 'vitest';
import { hostsOfDeb822, hostsOfList } from './package-mirrors.ts';

test('one-line sources', () => {
  const text = [
    'deb http://deb.example.org/debian bookworm main',
    ' deb [arch=amd64 signed-by=/k.gpg] https://user:pass@mirror.example.org:8080/x bookworm main',
    'deb mirror+https://list.example.org/m.txt bookworm main',
    'deb-src http://src.example.org/debian bookworm main',
    '# deb http://old.example.org/debian bookworm main',
    'deb cdrom:[disc]/ bookworm main',
    'deb file:/srv/repo ./',
  ].join('\n');
  expect(hostsOfList(text)).toEqual(['deb.example.org', 'mirror.example.org', 'list.example.org']);
});

test('sources of paragraphs', () => {
  const text = `Types: deb deb-src
# URIs: http://comment.example.org/
URIs: http://a.example.org/debian http://10.1.2.3/debian
  http://b.example.org/debian
Suites: bookworm

Types: deb
URIs:
 http://[fd00::1]/debian
Suites: bookworm

Types: deb-src
URIs: http://src.example.org/

Enabled: no
Types: deb
URIs: http://off.example.org/
`;
  expect(hostsOfDeb822(text)).toEqual(['a.example.org', '10.1.2.3', 'b.example.org', 'fd00::1']);
});
