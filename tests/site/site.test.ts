// `npm run site`: the playground, and an API reference in which everything that the package exports is found and no
// link leads nowhere.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { before, describe, test } from 'node:test';

const SITE = resolve('dist/site');
const { exports: entries } = JSON.parse(readFileSync('package.json', 'utf8'));

before(() => {
  const said = execFileSync(process.execPath, ['--import', 'tsx', 'scripts/site.ts'], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
  assert.match(said, /^site: dist\/site\/index\.html/m);
});

describe('the site', () => {
  test('has the playground at its root', () => {
    assert.match(readFileSync(join(SITE, 'index.html'), 'utf8'), /<script[^>]* src="app\.js"/);
    assert.ok(existsSync(join(SITE, 'app.js')));
  });

  for (const [path, forms] of Object.entries<any>(entries)) {
    const module = forms.import?.default ?? forms.default;
    if (!String(module).endsWith('.js')) continue; // core.wasm, package.json
    const name = path === '.' ? 'limpet' : `limpet/${path.slice(2)}`;
    test(`says what ${name} exports`, async () => {
      const page = readFileSync(join(SITE, 'api/modules', `${name.replace('/', '_')}.html`), 'utf8');
      const exported = Object.keys(await import(resolve(module)));
      assert.ok(exported.length > 0);
      assert.deepEqual(
        exported.filter((each) => !page.includes(`>${each}`)),
        [],
      );
    });
  }

  test('has no link that leads nowhere', () => {
    const pages = readdirSync(SITE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'));
    assert.ok(pages.length > 50, `${pages.length} pages`);
    const broken: string[] = [];
    for (const page of pages) {
      for (const [, link = ''] of readFileSync(join(SITE, page), 'utf8').matchAll(/ (?:href|src)="([^"#?]+)[^"]*"/g)) {
        if (/^[a-z]+:/.test(link)) continue;
        if (!existsSync(join(SITE, dirname(page), decodeURIComponent(link)))) broken.push(`${page}: ${link}`);
      }
    }
    assert.deepEqual(broken, []);
  });
});
