// Drives the core in a page of Chromium: node main.js CORE SCRIPT [FOLDER]. CHROMIUM names the browser's program.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [core, script, folder = '.'] = process.argv.slice(2);
/** What the page is served, by name; no server is needed. The files of FOLDER are under files/. */
const served = {
  '/': ['text/html', new URL('page.html', import.meta.url)],
  '/steps.js': ['text/javascript', new URL('../javascript/steps.js', import.meta.url)],
  '/core.wasm': ['application/wasm', core],
  '/script.jsonl': ['text/plain', script],
};

async function serve(route) {
  const { pathname } = new URL(route.request().url());
  const name = decodeURIComponent(pathname).replace(/^\/files\//, '');
  try {
    if (route.request().method() === 'PUT') {
      await writeFile(join(folder, name), route.request().postDataBuffer() ?? '');
      await route.fulfill({ status: 204 });
    } else {
      const [contentType, path] = served[pathname] ?? ['application/octet-stream', join(folder, name)];
      await route.fulfill({ contentType, body: await readFile(path) });
    }
  } catch (error) {
    await route.fulfill({ status: 404, body: error.message });
  }
}

let browser;
try {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage();
  await page.route('**', serve);
  await page.goto('https://embed.invalid/');
  const { code, message } = await page.evaluate('outcome');
  (code === 0 ? console.log : console.error)(message);
  process.exitCode = code;
} catch (error) {
  console.error(`node main.js CORE SCRIPT [FOLDER]: ${error.message}`);
  process.exitCode = 2;
} finally {
  await browser?.close();
}
