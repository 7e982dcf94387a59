// The classic test, by clicking in the page: what the addresses are before and after is read off the chips.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { playOut, Rig, type Seen, tasksOn } from './page.js';

let rig: Rig;
before(async () => {
  rig = await Rig.start();
});
after(() => rig?.stop());

test('ten replicas, drain, activate, reboot of the leader, all by clicking: Limpet keeps every address', () =>
  rig.visit('', async ({ page }) => {
    await page.locator('#scenario').selectOption('empty');
    await page.locator('#service-name').fill('web');
    await page.locator('#do-replicas').fill('10');
    await page.locator('#commands').getByRole('button', { name: 'Create' }).click();
    await playOut(page);
    const first = await tasksOn(page);
    assert.equal(first.size, 10);
    assert.equal(new Set([...first.values()].map(({ docker }) => docker)).size, 10);

    const home = (first.get('web.3') as Seen).node;
    await page.getByRole('button', { name: `Drain ${home}` }).click();
    await playOut(page);
    const drained = await tasksOn(page);
    const moved = [...first].filter(([, { node }]) => node === home).map(([identity]) => identity);
    assert.ok(moved.includes('web.3') && moved.length >= 3, moved.join());
    for (const identity of moved) {
      assert.notEqual(drained.get(identity)?.node, home, identity);
      assert.notEqual(drained.get(identity)?.docker, first.get(identity)?.docker, `${identity}: Docker gives another`);
    }
    assert.deepEqual(limpet(drained), limpet(first));
    await saysScores(page, {
      'stock-kept': 0,
      'stock-changed': moved.length,
      'sticky-kept': moved.length,
      'sticky-changed': 0,
    });

    await page.getByRole('button', { name: `Activate ${home}` }).click();
    await playOut(page);
    await page.locator('#do-node').selectOption('@leader');
    await page.locator('#commands').getByRole('button', { name: 'Reboot' }).click();
    await playOut(page);
    const rebooted = await tasksOn(page);
    assert.equal(rebooted.size, 10);
    assert.deepEqual(limpet(rebooted), limpet(first));
    await page.getByRole('tab', { name: 'Log' }).click();
    await page.locator('#log-kind').selectOption('swarm');
    assert.match(await page.locator('#panel-log').innerText(), /is the new leader/);
  }));

test('the preloaded run tells the same: task 3 is followed, its story shows both allocators', () =>
  rig.visit('', async ({ page }) => {
    assert.equal(await page.locator('#scenario').inputValue(), 'classic');
    const followed = page.locator('.chip.is-followed');
    assert.equal(await followed.getAttribute('data-identity'), 'web.3');
    const start = (await tasksOn(page)).get('web.3') as Seen;
    assert.match(await page.locator('.now').innerText(), /web/);
    await playOut(page);
    const end = (await tasksOn(page)).get('web.3') as Seen;
    assert.notEqual(end.docker, start.docker);
    assert.equal(end.limpet, start.limpet);
    const stays = page.locator('.stays tbody tr');
    assert.equal(await stays.count(), 3, 'it moves when its node is drained, and when the leader reboots');
    const last = stays.last();
    assert.equal(await last.locator('[data-side="stock"]').getAttribute('data-verdict'), 'changed');
    assert.equal(await last.locator('[data-side="sticky"]').getAttribute('data-verdict'), 'kept');
    assert.equal(await last.locator('[data-side="sticky"]').getAttribute('data-address'), start.limpet);
  }));

test('an event that cannot be done is told, and nothing happens', () =>
  rig.visit('', async ({ page }) => {
    await playOut(page);
    const before = await tasksOn(page);
    await page.locator('#task').fill('nobody.7');
    await page.locator('#commands').getByRole('button', { name: 'Restart' }).click();
    const said = page.locator('.commands-said[data-kind="refused"]');
    await said.waitFor();
    assert.match(await said.innerText(), /nobody\.7/);
    await playOut(page);
    assert.deepEqual(await tasksOn(page), before);
  }));

function limpet(tasks: Map<string, Seen>): [string, string][] {
  return [...tasks].map(([identity, seen]) => [identity, seen.limpet] as [string, string]).sort();
}

async function saysScores(page: Page, scores: Record<string, number>): Promise<void> {
  for (const [id, score] of Object.entries(scores))
    assert.equal(await page.locator(`#${id}`).innerText(), String(score), id);
}
