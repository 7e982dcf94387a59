// Manners: keyboard alone, names for screen readers (axe-core), no jumps, reduced motion, every width, no network, no
// server.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { open, playOut, press, Rig, SITE, still, tasksOn } from './page.js';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LISTS = ['tasks', 'services'].map(
  (list) => new URL(`../fixtures/swarm/2-drained/${list}.json`, import.meta.url).pathname,
);

let rig: Rig;
before(async () => {
  rig = await Rig.start();
});
after(() => rig?.stop());

describe('axe-core finds no violation, light or dark', () => {
  for (const width of [360, 1280]) {
    test(`${width} px, each view`, () =>
      rig.visit(
        '#scenario=classic&step=24',
        async ({ page }) => {
          await page.evaluate(AXE);
          await clean(page, 'simulator');
          for (const tab of ['Log', 'Core']) {
            await page.locator('#inspector').getByRole('tab', { name: tab }).click();
            await clean(page, tab);
          }
          await page.getByRole('button', { name: 'Measure the calls' }).click();
          await page.getByText('snapshot of all').waitFor();
          await clean(page, 'measured');
          // Thirteen thousand elements, most of what the whole test takes; they are the same at any width.
          if (width === 1280) {
            await page.locator('#scenario').selectOption('crowd');
            await clean(page, 'crowd');
          }
          await page.locator('#scenario').selectOption('exhausted');
          await playOut(page);
          await clean(page, 'exhausted');
          await page.getByRole('tab', { name: 'Your own swarm' }).click();
          await clean(page, 'own, empty');
          await page.setInputFiles('#own-files', LISTS);
          await page.locator('.own-result').waitFor();
          await clean(page, 'own');
          await page.locator('#own-text').fill('nonsense');
          await page.getByRole('button', { name: 'Rebuild from this text' }).click();
          await clean(page, 'own, refused');
        },
        { viewport: { width, height: 800 } },
      ));
  }
});

async function clean(page: Page, view: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await still(page);
    const found = await page.evaluate(
      async (rules) => {
        const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
        const { violations } = await (globalThis as any).axe.run(document, options);
        return violations.map(
          ({ id, nodes }: any) =>
            `${id}: ${nodes
              .slice(0, 3)
              .map((node: any) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`)
              .join('\n')}`,
        );
      },
      // The dark page has other colours, and nothing else that is different.
      colorScheme === 'dark' ? 'color-contrast' : undefined,
    );
    assert.deepEqual(found, [], `${view}, ${colorScheme}`);
  }
}

test('keyboard alone: the classic test, a task, the map, the tabs, the other view', () =>
  rig.visit('#scenario=classic', async ({ page }) => {
    const before = await tasksOn(page);
    await tabTo(page, 'button.play');
    await tabTo(page, '.desk-buttons button:last-child');
    for (let n = 0; n < 3; n++) await page.keyboard.press('Enter'); // its node is drained, and active again
    await still(page);
    const after = await tasksOn(page);
    assert.notEqual(after.get('web.3')?.node, before.get('web.3')?.node);
    assert.equal(after.get('web.3')?.limpet, before.get('web.3')?.limpet);

    await tabTo(page, '.node-name');
    for (let n = 0; n < 2; n++) await page.keyboard.press('ArrowRight'); // past the one that is empty
    const focused = () => page.evaluate(() => (document.activeElement as HTMLElement).dataset.identity);
    for (let n = 0; n < 5 && [undefined, 'web.3'].includes(await focused()); n++)
      await page.keyboard.press('ArrowDown');
    const chosen = await focused();
    assert.ok(chosen !== undefined && chosen !== 'web.3', chosen);
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#follow-title').innerText(), chosen);

    await tabTo(page, '#map canvas');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('+');
    const readout = await page.locator('.map-readout').first().innerText();
    assert.match(readout, /^10\.0\.0\.\d+ · (free|live|held)/);
    await page.keyboard.press('ArrowRight');
    assert.notEqual(await page.locator('.map-readout').first().innerText(), readout);

    await tabTo(page, '#tab-bindings');
    await page.keyboard.press('ArrowRight');
    assert.ok(await page.locator('#panel-log').isVisible());

    await page.locator('#tab-swarm').focus();
    await page.keyboard.press('ArrowRight');
    await tabTo(page, '#own-text');
    await page.keyboard.type('[]');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.match(await page.locator('#own-message').innerText(), /empty list/);
  }));

test('every stop of the Tab key can be seen, and none is a trap', () =>
  rig.visit('#scenario=classic', async ({ page }) => {
    const stops = new Set<string>();
    for (let n = 0; n < 80; n++) {
      await page.keyboard.press('Tab');
      const stop = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        if (element === document.body) return undefined;
        const marked = element.matches('.switch input, #own-files')
          ? (element.nextElementSibling as HTMLElement)
          : element;
        const { outlineStyle, outlineWidth } = getComputedStyle(marked);
        const name = `${element.tagName} ${element.id} ${element.className} ${element.textContent?.slice(0, 20)}`;
        return { name, seen: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 };
      });
      if (stop === undefined) break;
      assert.ok(stop.seen, `no focus is seen on ${stop.name}`);
      stops.add(stop.name);
    }
    assert.ok(stops.size > 30 && stops.size < 80, `${stops.size} stops`);
  }));

/** Presses Tab until an element has the focus. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let n = 0; n < 70; n++) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never comes to ${selector}`);
}

test('nothing is cut off, whatever the width', () =>
  rig.visit('#scenario=classic&step=22', async ({ page }) => {
    await fitsAll(page, 'classic');
    await page.locator('#scenario').selectOption('crowd');
    await fitsAll(page, 'crowd');
    await page.getByRole('tab', { name: 'Your own swarm' }).click();
    await page.setInputFiles('#own-files', LISTS);
    await page.locator('.own-result').waitFor();
    await fitsAll(page, 'own');
  }));

async function fitsAll(page: Page, view: string): Promise<void> {
  for (const width of [360, 390, 480, 768, 1024, 1280, 1920, 2560, 3840]) {
    await page.setViewportSize({ width, height: 900 });
    await fits(page, `${view}, ${width} px`);
  }
}

async function fits(page: Page, view: string): Promise<void> {
  await still(page);
  const wide = await page.evaluate(() => {
    const limit = document.documentElement.clientWidth;
    const cut = [...document.querySelectorAll('button, input, select, h1, h2, p, canvas')]
      .filter((element) => element.checkVisibility() && !element.closest('.unseen, .skip, .rows, .switch'))
      .filter((element) => element.getBoundingClientRect().right > limit + 1 && !element.matches('.unseen, .skip'));
    const over = document.documentElement.scrollWidth > limit ? ['the page scrolls sideways'] : [];
    return [...over, ...cut.map((element) => element.outerHTML.slice(0, 120))];
  });
  assert.deepEqual(wide, [], view);
}

test('nothing jumps while a run plays', () =>
  rig.visit('#scenario=classic', async ({ page }) => {
    await page.evaluate(() => {
      (globalThis as any).jumps = [];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as any[]) {
          for (const { node, previousRect, currentRect } of entry.sources ?? []) {
            // Chips go where they go; what may not move is everything else.
            if (node?.nodeType === 1 && node.isConnected && node.closest('.chips') === null) {
              const [from, to] = [previousRect, currentRect].map(({ x, y }) => `${x},${y}`);
              (globalThis as any).jumps.push(`${node.id || node.className}: ${from} → ${to}`);
            }
          }
        }
      }).observe({ type: 'layout-shift', buffered: false });
    });
    await page.locator('#speed').selectOption('4');
    await page.locator('.play').click();
    await page.waitForFunction(() => document.querySelector('.play')?.textContent === 'Again');
    assert.deepEqual(await page.evaluate(() => (globalThis as any).jumps), []);
  }));

test('who wants no motion gets none', () =>
  rig.visit(
    '#scenario=classic',
    async ({ page }) => {
      await page.evaluate(() => {
        (globalThis as any).moved = 0;
        const animate = Element.prototype.animate;
        Element.prototype.animate = function (...values) {
          (globalThis as any).moved++;
          return animate.apply(this, values);
        };
      });
      await press(page, 'Next event');
      await press(page, 'Next event');
      assert.equal((await tasksOn(page)).size, 10);
      assert.equal(await page.evaluate(() => (globalThis as any).moved), 0);
      await page.emulateMedia({ reducedMotion: 'no-preference' });
      for (let n = 0; n < 3; n++) await press(page, 'Back to the event before');
      assert.ok((await page.evaluate(() => (globalThis as any).moved)) > 0, 'and who does not mind gets some');
    },
    { reducedMotion: 'reduce' },
  ));

test('offline, and from a disk, it is all there', () =>
  rig.visit('', async ({ page, context }) => {
    await context.setOffline(true);
    await playOut(page);
    assert.equal((await tasksOn(page)).size, 10);
    const other = await context.newPage();
    await open(other, pathToFileURL(join(SITE, 'index.html')).href);
    await playOut(other);
    assert.equal((await tasksOn(other)).size, 10);
  }));

test('the page’s own policy lets nothing out', () =>
  rig
    .visit('', async ({ page, address }) => {
      const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
      assert.match(policy ?? '', /default-src 'none'.*connect-src 'none'/);
      const tried = await page.evaluate(async (url) => {
        try {
          await fetch(url);
          return 'went out';
        } catch {
          return 'refused';
        }
      }, `${address}app.js`);
      assert.equal(tried, 'refused');
    })
    .catch((error) => {
      // The browser itself complains of the refused request: that one complaint is what is wanted here.
      if (!/Content Security Policy|connect-src/.test(String(error))) throw error;
    }));
