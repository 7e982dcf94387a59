// The built page in real Chromium: opening it, working its controls, and reading what it shows. Whatever a test does,
// the page must not complain on the console nor ask the network for anything but its own three files.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { serve } from '../../scripts/serve.js';
import { upToDate } from '../fresh.js';

await upToDate('playground');

export const SITE = fileURLToPath(new URL('../../dist/playground/', import.meta.url));
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
const OFFLINE = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
/** Any path will do: nothing in the page may count on being at the root. */
const PATH = '/any/where/';
const OWN_FILES = ['', 'style.css', 'app.js'];

export interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Where the page is served from. */
  readonly address: string;
}

export class Rig {
  readonly #browser: Browser;
  readonly #home: string;
  readonly #server: Awaited<ReturnType<typeof serve>>;

  private constructor(browser: Browser, home: string, server: Awaited<ReturnType<typeof serve>>) {
    this.#browser = browser;
    this.#home = home;
    this.#server = server;
  }

  static async start(): Promise<Rig> {
    const home = await mkdtemp(join(tmpdir(), 'limpet-playground-'));
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    const browser = await chromium.launch({
      executablePath,
      args: [...FLAGS, ...OFFLINE],
      env: { ...process.env, HOME: home },
    });
    return new Rig(browser, home, await serve(SITE, 0, PATH));
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    this.#server.close();
    await rm(this.#home, { recursive: true, force: true });
  }

  /** Opens the page, does the work, and looks whether the page was quiet all the while. */
  async visit(
    hash: string,
    work: (opened: Opened) => Promise<void>,
    options: BrowserContextOptions = {},
  ): Promise<void> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    context.setDefaultTimeout(30_000);
    // tsx names functions through a helper that the page does not have.
    await context.addInitScript('globalThis.__name = (value) => value;');
    const { address } = this.#server;
    const complaints: string[] = [];
    const requests: string[] = [];
    context.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()))
        complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => complaints.push(String(error.error().stack)));
    context.on('request', (request) => requests.push(request.url()));
    try {
      const page = await context.newPage();
      await open(page, address + hash);
      await work({ page, context, address });
    } finally {
      await context.close();
    }
    assert.deepEqual(complaints, [], 'the page complained');
    const allowed = OWN_FILES.flatMap((name) => [address + name, pathToFileURL(SITE + (name || 'index.html')).href]);
    const strange = requests.filter((url) => !allowed.includes(url.replace(/#.*$/, '')) && !/^(blob|data):/.test(url));
    assert.deepEqual(strange, [], 'the page asked the network');
  }
}

export async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector('html[data-ready]');
}

/** What the page shows of a run: every chip with its addresses, scores, story, moment, and the map's pixels. */
export async function shown(page: Page): Promise<Record<string, unknown>> {
  await still(page);
  return page.evaluate(() => {
    const text = (selector: string) => document.querySelector(selector)?.textContent ?? '';
    const canvas = document.querySelector('#map canvas') as HTMLCanvasElement;
    return {
      nodes: [...document.querySelectorAll('.node')].map((node) => ({
        name: (node as HTMLElement).dataset.node,
        condition: node.querySelector('.node-condition')?.textContent,
        leads: !(node.querySelector('.crown') as HTMLElement).hidden,
        chips: [...node.querySelectorAll('.chip')].map((chip) => chip.getAttribute('title')),
      })),
      scores: ['stock-kept', 'stock-changed', 'sticky-kept', 'sticky-changed', 'stock-home', 'sticky-home'].map((id) =>
        text(`#${id}`),
      ),
      story: text('.desk-story'),
      stays: text('.stays'),
      moment: text('#step-count').replace(/ of \d+/, ''),
      map: canvas.toDataURL(),
      counts: text('#map .legend'),
    };
  });
}

/** Until nothing that was asked for is being worked out. */
async function idle(page: Page): Promise<void> {
  await page.waitForFunction(() => document.documentElement.dataset.busy !== 'yes');
}

/** Until nothing moves any more. */
export async function still(page: Page): Promise<void> {
  await idle(page);
  await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** The addresses of every task on its node, as the chips say. */
export interface Seen {
  readonly node: string;
  readonly docker: string;
  readonly limpet: string;
}

export async function tasksOn(page: Page): Promise<Map<string, Seen>> {
  const found = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('.node')].flatMap((node) =>
      [...node.querySelectorAll<HTMLElement>('.chip[data-state="running"]')].map((chip) => {
        const address = (kind: string) => chip.querySelector(`.chip-${kind} .chip-address`)?.textContent ?? '';
        const seen = { node: node.dataset.node ?? '', docker: address('stock'), limpet: address('sticky') };
        return [chip.dataset.identity ?? '', seen] as const;
      }),
    ),
  );
  return new Map(found);
}

/** Clicks a button of the desk by its name. */
export async function press(page: Page, name: string): Promise<void> {
  await idle(page);
  await page.locator('#desk, #settings').getByRole('button', { name, exact: true }).click();
  await idle(page);
}

/** Plays fast until the run is over. */
export async function playOut(page: Page): Promise<void> {
  await page.locator('#speed').selectOption('16');
  await idle(page);
  const play = page.locator('.play');
  if ((await play.textContent()) === 'Play') await play.click();
  await page.waitForFunction(() => document.querySelector('.play')?.textContent === 'Again');
}
