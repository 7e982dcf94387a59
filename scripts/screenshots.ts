// Makes README's pictures of the playground anew, in docs/images/, from dist/playground in Chromium. `--all FOLDER`
// makes one for each view, width and theme instead, to be looked at.
import { mkdir } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import { serve } from './serve.js';

const CLASSIC = '#scenario=classic&step=9';
const CROWD = '#scenario=crowd&step=18';
interface Shot {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly theme: 'light' | 'dark';
  readonly hash: string;
}

const README: readonly Shot[] = [
  { name: 'playground', width: 1040, height: 800, theme: 'light', hash: CLASSIC },
  { name: 'playground-crowd', width: 1040, height: 800, theme: 'dark', hash: CROWD },
];

const at = process.argv.indexOf('--all');
const folder = (at > 0 ? process.argv[at + 1] : undefined) ?? 'docs/images';
await mkdir(folder, { recursive: true });
const { address, close } = await serve('dist/playground', 0);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
});
try {
  for (const shot of at > 0 ? everything() : README) await take(shot);
} finally {
  await browser.close();
  close();
}

function* everything(): Generator<Shot> {
  for (const [view, hash] of Object.entries({ classic: CLASSIC, crowd: CROWD, own: '#view=own' })) {
    for (const width of [390, 768, 1280, 2560]) {
      for (const theme of ['light', 'dark'] as const)
        yield { name: `${view}-${width}-${theme}`, width, height: 1040, theme, hash };
    }
  }
}

async function take({ name, width, height, theme, hash }: Shot): Promise<void> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme });
  await page.goto(address + hash);
  await page.waitForSelector('html[data-ready]');
  if (name.startsWith('own')) {
    await page.setInputFiles(
      '#own-files',
      ['tasks', 'services'].map((list) => `tests/fixtures/swarm/2-drained/${list}.json`),
    );
  }
  const step = Number(/step=(\d+)/.exec(hash)?.[1] ?? 0);
  const slider = page.locator('#slider');
  // On a slow machine the page is shown before it knows that moment, and knows it soon.
  await page.waitForFunction((to) => Number(document.querySelector('#slider')?.getAttribute('max')) >= to, step);
  if (step > 0) await slider.fill(String(step));
  await slider.blur();
  await page.waitForTimeout(1500); // the run is looked ahead through, and what glides arrives
  await page.screenshot({ path: `${folder}/${name}.png` });
  await page.close();
}
