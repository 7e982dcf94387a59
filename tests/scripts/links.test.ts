// Links between the pages of the documentation: each leads to a file that is there, and to a heading that it has.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pages } from './pages.js';

/** As the usual renderers of Markdown make it. */
function anchor(head: string): string {
  const plain = head.toLowerCase().replace(/[^\p{L}\p{N}\-_ ]/gu, '');
  return plain.replaceAll(' ', '-');
}

function anchorsOf(page: string): Set<string> {
  const text = readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```/gm, '');
  return new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, head = '']) => anchor(head)));
}

for (const page of pages) {
  test(page, () => {
    const text = readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```/gm, '');
    const broken: string[] = [];
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path = '', section] = link.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(file)) broken.push(`${link}: no such file`);
      else if (section !== undefined && !anchorsOf(file).has(section)) broken.push(`${link}: no such heading`);
    }
    assert.deepEqual(broken, []);
  });
}
