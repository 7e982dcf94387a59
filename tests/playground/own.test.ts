// Bring your own: recordings of a real swarm, dropped and pasted, give the bindings that `limpet rebuild` prints;
// conflicts are explained; what is no good is refused and changes nothing.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { cliPath, Limpet } from '../limpet.js';
import { Rig } from './page.js';

const RECORDINGS = fileURLToPath(new URL('../fixtures/swarm/', import.meta.url));
const MOMENTS = ['1-created', '2-drained', '3-leader-lost'];

let rig: Rig;
before(async () => {
  rig = await Rig.start();
});
after(() => rig?.stop());

describe('a dropped recording shows what `limpet rebuild` prints', () => {
  for (const moment of MOMENTS) {
    test(moment, () =>
      rig.visit('', async ({ page }) => {
        await drop(page, [await recorded(moment, 'tasks'), await recorded(moment, 'services')]);
        await says(page, 'done');
        for (const network of ['st1', 'stock']) {
          const id = await networkId(page, network);
          await page.locator('#own-network').selectOption(id);
          const printed = await rebuiltByCli(moment, network);
          assert.deepEqual(await bindingsShown(page), printed.bindings, network);
          const facts = await page.locator('.own-report').innerText();
          assert.match(
            facts,
            new RegExp(`bound live\\s+${printed.bindings.filter(({ state }) => state === 'live').length}\\b`),
          );
          assert.match(facts, new RegExp(`skipped\\s+${printed.skipped.length}\\b`));
        }
      }),
    );
  }
});

test('pasted text does as well, and so do records a line', () =>
  rig.visit('#view=own', async ({ page }) => {
    const printed = await rebuiltByCli('3-leader-lost', 'st1');
    const { text } = await recorded('3-leader-lost', 'tasks');
    await page.setInputFiles('#own-files', join(RECORDINGS, '3-leader-lost/services.json'));
    await says(page, 'waiting');
    await paste(page, text);
    await says(page, 'done');
    assert.deepEqual(await bindingsShown(page), printed.bindings);
    const lines = (JSON.parse(text) as object[]).map((task) => JSON.stringify(task)).join('\n');
    await paste(page, lines);
    assert.deepEqual(await bindingsShown(page), printed.bindings);
  }));

test('a conflict is explained: who keeps the address, who is left without', () =>
  rig.visit('#view=own', async ({ page }) => {
    const { text } = await recorded('1-created', 'tasks');
    // web.3's address in another task's record, as after a swarm that lost its raft log.
    const tasks = JSON.parse(text.replaceAll('10.0.5.4/24', '10.0.5.3/24'));
    await drop(page, [{ name: 'tasks.json', text: JSON.stringify(tasks) }, await recorded('1-created', 'services')]);
    await page.locator('#own-network').selectOption(await networkId(page, 'stock'));
    const told = await page.locator('.report-part.is-bad').innerText();
    assert.match(told, /1 conflict/);
    assert.match(told, /10\.0\.5\.3 is claimed by stockhello\.\d+ and by stockhello\.\d+/);
    assert.match(told, /stockhello\.[12] is left without an address/);
    assert.equal((await bindingsShown(page)).length, 9);
  }));

describe('what is no good gets a clear message and changes nothing', () => {
  const BAD: [string, string | Uint8Array, RegExp][] = [
    ['cut off', '[{"ID":"0ere9g7hghbrorse3roykq84p","Version":{"Ind', /broken\.json is not JSON/],
    ['an error of Docker', '{"message":"This node is not a swarm manager."}', /not the list.*not a swarm manager/],
    ['a picture', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0xff, 0xfe, 0x00, 0xd8]), /broken\.json is not text/],
    ['UTF-16 of a Windows shell', new Uint8Array([0xff, 0xfe, 0x5b, 0, 0x5d, 0]), /UTF-16: save it as UTF-8/],
    ['nothing', '  \n', /broken\.json is empty/],
    ['an empty list', '[]', /empty list/],
    ['a list of something else', '[{"Id":"sha256:1","RepoTags":[]}]', /list of objects with Id, RepoTags/],
    [
      'services of one name',
      '[{"ID":"a","Spec":{"Name":"web"},"Endpoint":{}},{"ID":"b","Spec":{"Name":"web"},"Endpoint":{}}]',
      /two services are named "web"/,
    ],
    ['a scenario that cannot be', '{"name":"x","events":[{"do":"explode"}]}', /cannot be run/],
  ];
  for (const [what, content, message] of BAD) {
    test(what, () =>
      rig.visit('#view=own', async ({ page }) => {
        await drop(page, [await recorded('2-drained', 'tasks'), await recorded('2-drained', 'services')]);
        await says(page, 'done');
        const good = await bindingsShown(page);
        assert.equal(good.length, 13);
        await drop(page, [
          { name: 'broken.json', ...(typeof content === 'string' ? { text: content } : { bytes: [...content] }) },
        ]);
        await page.waitForFunction(
          (wanted) =>
            new RegExp(wanted).test(
              `${document.querySelector('#own-message')?.textContent} ` +
                `${document.querySelector('#failure')?.textContent}`,
            ),
          message.source,
        );
        await page.getByRole('tab', { name: 'Your own swarm' }).click();
        assert.deepEqual(await bindingsShown(page), good);
        await page.locator('#own-network').selectOption(await networkId(page, 'stock'));
        assert.deepEqual(
          await bindingsShown(page),
          (await rebuiltByCli('2-drained', 'stock')).bindings,
          'the lists are still those',
        );
      }),
    );
  }

  test('on a page that has seen nothing yet', () =>
    rig.visit('#view=own', async ({ page }) => {
      await paste(page, 'hello');
      await says(page, 'refused');
      assert.match(await page.locator('#own-message').innerText(), /the pasted text is not JSON.*Nothing was read/);
      assert.equal(await page.locator('.own-result').isVisible(), false);
    }));
});

test('the saved snapshot is the core’s, and any host restores it', () =>
  rig.visit('#view=own', async ({ page }) => {
    await drop(page, [await recorded('2-drained', 'tasks'), await recorded('2-drained', 'services')]);
    const [file] = await Promise.all([page.waitForEvent('download'), page.locator('#own-snapshot').click()]);
    const net = (await Limpet.load()).restore(await readFile(await file.path()));
    assert.equal(net.cidr, '10.77.0.0/24');
    const bindings = [...net.bindings()].map(({ address, identity, state }) => ({ address, identity, state }));
    assert.deepEqual(bindings, await bindingsShown(page));
    assert.deepEqual([...net.held()].sort(), ['10.77.0.1', '10.77.0.13', '10.77.0.2']);
  }));

interface Content {
  readonly name: string;
  readonly text?: string;
  readonly bytes?: readonly number[];
}

type Row = { address: string; identity: string; state: string };

async function recorded(moment: string, list: string): Promise<{ name: string; text: string }> {
  return { name: `${list}.json`, text: await readFile(join(RECORDINGS, moment, `${list}.json`), 'utf8') };
}

/** Files dropped on the page by a mouse, as the browser makes them. */
async function drop(page: Page, files: readonly Content[]): Promise<void> {
  const transfer = await page.evaluateHandle((contents) => {
    const made = new DataTransfer();
    for (const { name, text, bytes } of contents) made.items.add(new File([text ?? new Uint8Array(bytes ?? [])], name));
    return made;
  }, files);
  await page.dispatchEvent('body', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

async function paste(page: Page, text: string): Promise<void> {
  await page.locator('#own-text').fill(text);
  await page.getByRole('button', { name: 'Rebuild from this text' }).click();
}

async function says(page: Page, kind: string): Promise<void> {
  await page.waitForSelector(`#own-message[data-kind="${kind}"]`);
}

async function networkId(page: Page, name: string): Promise<string> {
  return page
    .locator('#own-network')
    .evaluate(
      (list: HTMLSelectElement, wanted) =>
        [...list.options].find(({ text }) => text.startsWith(`${wanted} `))?.value ?? '',
      name,
    );
}

/** Scrolls through the table: it makes only the rows that are seen. */
async function bindingsShown(page: Page): Promise<Row[]> {
  const rows = await page.locator('.own-bindings .rows').evaluate(async (box) => {
    const found = new Map<number, string[]>();
    for (let top = 0; ; top += 150) {
      box.scrollTop = top;
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      for (const row of box.querySelectorAll('.rows-body [role="row"]')) {
        const cells = [...row.querySelectorAll('[role="cell"]')].map((cell) => cell.textContent ?? '');
        found.set(Number(row.getAttribute('aria-rowindex')), cells);
      }
      if (top >= box.scrollHeight) return [...found].sort(([a], [b]) => a - b).map(([, cells]) => cells);
    }
  });
  return rows.map(([address = '', identity = '', state = '']) => ({ address, identity, state }));
}

async function rebuiltByCli(moment: string, network: string): Promise<{ bindings: Row[]; skipped: unknown[] }> {
  const file = (list: string) => join(RECORDINGS, moment, `${list}.json`);
  const lists = ['--tasks', file('tasks'), '--services', file('services')];
  const { stdout } = await promisify(execFile)(process.execPath, [
    cliPath,
    'rebuild',
    ...lists,
    '--network',
    network,
    '--json',
  ]);
  const { bindings, skipped } = JSON.parse(stdout);
  return { bindings: bindings.map(({ address, identity, state }: Row) => ({ address, identity, state })), skipped };
}
