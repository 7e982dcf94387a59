// Links that somebody made by hand: whatever stands behind the #, the page says in words what is wrong, and works on.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Rig } from './page.js';

let rig: Rig;
before(async () => {
  rig = await Rig.start();
});
after(() => rig?.stop());

const run = (value: unknown) => `#run=${Buffer.from(JSON.stringify(value)).toString('base64url')}`;
const scenario = { name: 'mine', events: [{ do: 'create', service: 'web', replicas: 3 }] };

const WRONG: readonly [string, string][] = [
  ['an event that is null', run({ name: 'x', events: [null] })],
  ['events without a name', run({ events: [null] })],
  ['null', run(null)],
  ['a list', run([])],
  ['a number', run(7)],
  ['no events', run({ name: 'x' })],
  ['events that are no list', run({ name: 'x', events: { length: 3 } })],
  ['a prototype', '#run=eyJfX3Byb3RvX18iOnt9fQ'],
  ['a seed that is none', run({ ...scenario, seed: -1 })],
  ['a subnet without end', run({ ...scenario, subnet: '::/0' })],
  ['an event that nobody knows', run({ name: 'x', events: [{ do: 'constructor' }] })],
  ['no base64', '#run=%00%ff'],
  ['nothing', '#run='],
  ['no JSON', `#run=${Buffer.from('{"name":').toString('base64url')}`],
  ['a seed too large', '#scenario=classic&seed=9999999999'],
];

test('a run that is none is refused in words, when the page opens and later', async () => {
  await rig.visit('', async ({ page, address }) => {
    for (const [name, hash] of WRONG) {
      for (const way of ['opened', 'changed'] as const) {
        if (way === 'opened') await page.goto('about:blank');
        await page.goto(address + hash);
        await page.locator('html[data-ready=yes]').waitFor();
        const failure = page.locator('#failure');
        await failure.waitFor({ state: 'visible' });
        assert.match((await failure.textContent()) ?? '', /^This scenario cannot be run: .{10,}/, name);
        await page.goto(`${address}#scenario=classic&step=3`);
        await failure.waitFor({ state: 'hidden' });
      }
    }
  });
});

test('a name or a step that is none shows what the page shows by itself', async () => {
  await rig.visit('', async ({ page, address }) => {
    for (const hash of [
      '#scenario=__proto__',
      '#scenario=constructor&seed=3',
      '#scenario=%00&follow=%3Cimg%20src%3Dx%3E&view=own',
      '#scenario=classic&step=9999999999',
      `${run(scenario)}&step=9999999999&seed=x`,
      '#%E0%A4%A&&&=&step=-1',
    ]) {
      await page.goto('about:blank');
      await page.goto(address + hash);
      await page.locator('html[data-ready=yes]').waitFor();
      assert.ok(await page.locator('#failure').isHidden(), hash);
      assert.equal(await page.locator('img[src=x]').count(), 0);
    }
  });
});
