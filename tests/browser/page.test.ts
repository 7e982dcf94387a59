// System test: a page bundled from the packed tarball, served on localhost, runs in real Chromium.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type BrowserContext, chromium } from 'playwright-core';
import { folder } from '../package/installed.js';
import { bundlePage } from '../package/page.js';

const FLAGS = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const OFFLINE = ['--disable-component-update', '--disable-sync'];

let server: Server;
let browser: BrowserContext;
let profile: string;

before(async () => {
  const { script } = await bundlePage();
  const wasm = await readFile(join(folder, 'node_modules/limpet/dist/core.wasm'));
  const content = new Map<string | undefined, [string, string | Buffer]>([
    ['/', ['text/html', '<!doctype html><title>…</title><script type="module" src="page.js"></script>']],
    ['/page.js', ['text/javascript', script]],
    ['/core.wasm', ['application/wasm', wasm]],
  ]);
  server = createServer((request, response) => {
    const [type, body] = content.get(request.url) ?? ['text/plain', ''];
    response.writeHead(content.has(request.url) ? 200 : 404, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  profile = await mkdtemp(join(tmpdir(), 'limpet-chromium-'));
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    chromiumSandbox: false,
    args: [...FLAGS, ...OFFLINE],
  });
});

after(async () => {
  await browser?.close();
  server?.close();
  if (profile) await rm(profile, { recursive: true, force: true });
});

test('allocates in a page, with the embedded wasm and with a ready module', async () => {
  const { port } = server.address() as AddressInfo;
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForFunction('document.title !== "…"');
  assert.equal(await page.title(), '10.0.0.2 10.0.0.2 BAD_INPUT');
  assert.deepEqual(problems, []);
});
