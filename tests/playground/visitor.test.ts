// What somebody sees who comes for the first time: the swarm without scrolling, a verdict with a way on, words that are
// explained, a sample to try; and that nothing is said to be good that is not.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { playOut, press, Rig, still } from './page.js';

const RECORDED = new URL('../fixtures/swarm/2-drained/', import.meta.url);

let rig: Rig;
before(async () => {
  rig = await Rig.start();
});
after(() => rig?.stop());

describe('the whole swarm is seen without scrolling, from event to event', () => {
  for (const [width, height, hasTouch] of [
    [1280, 800, false],
    [390, 844, true],
  ] as const) {
    test(`${width} × ${height}`, () =>
      rig.visit(
        '',
        async ({ page }) => {
          await press(page, 'Back to the start');
          const next = page.getByRole('button', { name: 'Next event' });
          for (;;) {
            await press(page, 'Next event');
            await still(page);
            if (!(await next.isEnabled())) break; // a phone has the verdict there, and the swarm below it
            const bottoms = await page
              .locator('.chip')
              .evaluateAll((chips) => chips.map((chip) => chip.getBoundingClientRect().bottom));
            assert.ok(Math.max(0, ...bottoms) <= height, `${Math.max(...bottoms)} of ${height}`);
          }
          assert.equal(await page.locator('.chip').count(), 10);
          const play = await page.locator('.play').boundingBox();
          assert.ok(play !== null && play.y < height / 2);
        },
        { viewport: { width, height }, hasTouch, isMobile: hasTouch },
      ));
  }
});

test('in the end there is a verdict, and a way on', () =>
  rig.visit('', async ({ page }) => {
    assert.equal(await page.locator('.way-on').isVisible(), false);
    await playOut(page);
    assert.match(await page.locator('.now').innerText(), /Docker \d+ of \d+, Limpet (\d+) of \1\.$/);
    const why = /With Docker, (\S+) was (web\.\d+) and is (web\.\d+) now; \d+ addresses answer as another replica/;
    const [, address = '', from, to = ''] = why.exec(await page.locator('.more').innerText()) ?? [];
    assert.notEqual(from, to);
    const chip = page.locator(`.chip[data-identity="${to}"] .chip-stock .chip-address`);
    assert.equal(await chip.innerText(), address, 'it is as the chips say');
    assert.match(await page.locator('.way-on').innerText(), /npx limpet install/);
    await page.getByRole('button', { name: 'Look at your own swarm' }).click();
    assert.ok(await page.locator('#view-own').isVisible());
  }));

test('space plays and arrows step, where keys have no other meaning', () =>
  rig.visit('', async ({ page }) => {
    const step = async () => Number(/step (\d+)/.exec(await page.locator('#step-count').innerText())?.[1]);
    const start = await step();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(
      (from) => !document.querySelector('#step-count')?.textContent?.startsWith(`step ${from} `),
      start,
    );
    assert.equal(await step(), start + 1);
    await page.keyboard.press('ArrowLeft');
    assert.equal(await step(), start);
    await page.keyboard.press('Space');
    assert.equal(await page.locator('.play').innerText(), 'Pause');
    await page.keyboard.press('Space');
    assert.equal(await page.locator('.play').innerText(), 'Play');
    await page.keyboard.press('Home');
    assert.equal(await step(), 0);
    await page.locator('#task').fill('web 1');
    await page.locator('#task').press('ArrowLeft');
    assert.equal(await step(), 0);
  }));

test('a /24 lies in rows, and the map says what its words mean', () =>
  rig.visit('', async ({ page }) => {
    const readout = page.locator('#map .map-readout');
    await page.locator('#map canvas').focus();
    await page.keyboard.press('ArrowRight');
    assert.match(await readout.innerText(), /^10\.0\.0\.0 · excluded/);
    await page.keyboard.press('ArrowDown');
    assert.match(await readout.innerText(), /^10\.0\.0\.16 · /);
    const legend = await page.locator('#map').innerText();
    for (const word of ['reserved its replica', 'held taken by no replica', 'A ticket is'])
      assert.ok(legend.includes(word), word);
  }));

describe('a swarm of one’s own', () => {
  test('a sample shows which replicas changed, from what to what', () =>
    rig.visit('#view=own', async ({ page }) => {
      await page.getByRole('button', { name: 'Try it with a sample swarm' }).click();
      await page.waitForSelector('#own-message[data-kind="done"]');
      const told = await page.locator('#own-changes').innerText();
      assert.match(told, /\d+ replicas changed their address/);
      assert.match(told, /web\.\d+ 10\.0\.0\.\d+ → 10\.0\.0\.\d+/);
      await page.getByRole('button', { name: 'Clear' }).click();
      assert.equal(await page.locator('.own-result').isVisible(), false);
    }));

  test('the recorded swarm tells the same of the drain', () =>
    rig.visit('#view=own', async ({ page }) => {
      const files = ['tasks', 'services'].map((list) => new URL(`${list}.json`, RECORDED).pathname);
      await page.setInputFiles('#own-files', files);
      await page.waitForSelector('#own-message[data-kind="done"]');
      const network = page.locator('#own-network');
      await network.selectOption(await network.locator('option', { hasText: 'stock ' }).getAttribute('value'));
      assert.match(await page.locator('#own-changes').innerText(), /^4 replicas changed their address/);
    }));

  test('records that are skipped get no tick; two lists of one kind are refused; one record a file is read', () =>
    rig.visit('#view=own', async ({ page }) => {
      const tasks = JSON.parse(await readFile(new URL('tasks.json', RECORDED), 'utf8')) as object[];
      const file = (name: string, value: unknown) => {
        return { name, mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(value)) };
      };
      await page.setInputFiles('#own-files', [file('tasks.json', [...tasks, 7])]);
      await page.waitForSelector('#own-message[data-kind="partly"]');
      assert.match(await page.locator('#own-message').innerText(), /1 record skipped/);
      await page.setInputFiles('#own-files', [file('a.json', tasks), file('b.json', tasks)]);
      await page.waitForSelector('#own-message[data-kind="refused"]');
      assert.match(await page.locator('#own-message').innerText(), /a\.json and b\.json are both lists of tasks/);
      await page.setInputFiles('#own-files', [file('one.ndjson', tasks[0])]);
      await page.waitForSelector('#own-message[data-kind="done"]');
    }));
});
