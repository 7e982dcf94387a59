// Time travel, and links: there and back, and in another window, everything shown is the same.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { open, playOut, press, Rig, shown } from './page.js';

let rig: Rig;
before(async () => {
  rig = await Rig.start();
});
after(() => rig?.stop());

const MOMENT = '#scenario=classic&seed=7&step=7&follow=web.5';

test('there and back, the page shows the same: by steps, by events, by the slider', () =>
  rig.visit(MOMENT, async ({ page }) => {
    const then = await shown(page);
    for (let n = 0; n < 5; n++) await press(page, 'One step on');
    const later = await shown(page);
    assert.notDeepEqual(later, then);
    for (let n = 0; n < 5; n++) await press(page, 'One step back');
    assert.deepEqual(await shown(page), then);

    await playOut(page);
    const end = await shown(page);
    await slideTo(page, 0);
    await slideTo(page, 7);
    assert.deepEqual(await shown(page), then);
    await slideTo(page, 12);
    assert.deepEqual(await shown(page), later);
    for (let n = 0; n < 2; n++) await press(page, 'Next event');
    await playOut(page);
    assert.deepEqual(await shown(page), end);
    await press(page, 'Back to the event before');
    assert.notDeepEqual(await shown(page), end);
  }));

test('a link restores scenario, seed, step and who is followed', () =>
  rig.visit('', async ({ page, context, address }) => {
    await page.locator('#scenario').selectOption('rolling-update');
    await page.locator('#seed').fill('11');
    await page.locator('#seed').press('Tab');
    for (let n = 0; n < 7; n++) await press(page, 'One step on');
    await page.locator('.chip[data-identity="web.2"]').first().click();
    const link = page.url();
    assert.match(link, /seed=11/);
    const other = await context.newPage();
    await open(other, link);
    assert.deepEqual(await shown(other), await shown(page));
    assert.ok(link.startsWith(`${address}#`), 'what is shown stays behind the #, which is not sent');
  }));

test('a link carries events done by hand', () =>
  rig.visit('#scenario=classic', async ({ page, context }) => {
    await page.locator('#do-node').selectOption('node-2');
    await page.locator('#commands').getByRole('button', { name: 'Crash' }).click();
    await playOut(page);
    const other = await context.newPage();
    await open(other, page.url());
    assert.deepEqual(await shown(other), await shown(page));
    assert.equal(await other.locator('#scenario').inputValue(), '');
  }));

test('back and another event: what lay ahead is another run', () =>
  rig.visit('#scenario=classic', async ({ page }) => {
    await playOut(page);
    const asPlanned = await shown(page);
    await slideTo(page, 3);
    await page.locator('#task').fill('web.4');
    await page.locator('#commands').getByRole('button', { name: 'Restart' }).click();
    await playOut(page);
    assert.notDeepEqual((await shown(page)).nodes, asPlanned.nodes);
  }));

test('a saved scenario, dropped again, is the same run', () =>
  rig.visit('#scenario=classic', async ({ page, context, address }) => {
    await page.locator('#commands').getByRole('button', { name: 'Drain' }).click();
    await playOut(page);
    const [file] = await Promise.all([page.waitForEvent('download'), press(page, 'Save scenario')]);
    const saved = JSON.parse(await readFile(await file.path(), 'utf8'));
    assert.equal(saved.events.filter((event: { do: string }) => event.do === 'drain').length, 2);
    const other = await context.newPage();
    await open(other, `${address}#view=own`);
    await other.setInputFiles('#own-files', {
      name: 'run.json',
      mimeType: 'application/json',
      buffer: Buffer.from(JSON.stringify(saved)),
    });
    await playOut(other);
    assert.deepEqual(await shown(other), await shown(page));
  }));

test('a link that says nonsense shows the classic test', () =>
  rig.visit('#scenario=nothing&seed=-1&step=x&run=%%%', async ({ page }) => {
    assert.match((await page.locator('#failure').textContent()) ?? '', /cannot be run: the scenario is not JSON/);
    assert.equal(await page.locator('#scenario').inputValue(), 'classic');
    assert.equal(await page.locator('.chip').count(), 10);
  }));

async function slideTo(page: Page, step: number): Promise<void> {
  await page.locator('#slider').evaluate((slider: HTMLInputElement, to) => {
    slider.value = String(to);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  }, step);
}
