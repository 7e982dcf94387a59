// docs/monitoring/ in a real Prometheus: the rules fire when they should, and one that scrapes the plugin's /metrics
// has an answer for every panel. Whether the names exist: tests/plugin/metrics-doc.test.ts.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { AllocatorService, MemoryStore } from '../../src/entries/service.js';
import { healthMount, serveMetrics } from '../../src/plugin/health.js';
import { Metrics } from '../../src/plugin/metrics.js';
import { upToDate } from '../fresh.js';

await upToDate('core');

const folder = resolve('docs/monitoring');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const dashboard = JSON.parse(read('grafana-dashboard.json'));
const expressions: string[] = dashboard.panels.flatMap(({ targets }: any) => targets.map(({ expr }: any) => expr));

const service = await AllocatorService.open(new MemoryStore());
after(() => service.close());
const metrics = new Metrics(() => service);
describe('Prometheus', () => {
  const promtool = (...args: string[]) => execFileSync('promtool', args, { cwd: folder, encoding: 'utf8' });

  test('takes the rules, and each fires when it should', () => {
    assert.match(promtool('check', 'rules', 'limpet.rules.yml'), /SUCCESS: \d+ rules found/);
    assert.match(promtool('test', 'rules', 'limpet.rules.test.yml'), /SUCCESS/);
    const alerts = [...read('limpet.rules.yml').matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    const tests = read('limpet.rules.test.yml');
    for (const alert of alerts)
      assert.match(tests, new RegExp(`alertname: ${alert}\\n +exp_alerts:\\n`), `${alert} fires`);
  });

  test('a real one scrapes the plugin, and answers every panel and every rule', {
    timeout: 120_000,
  }, async (context) => {
    await furnish();
    const temporary = mkdtempSync(join(tmpdir(), 'limpet-prometheus-'));
    context.after(() => rmSync(temporary, { recursive: true, force: true }));
    const [port, own] = [await freePort(), await freePort()];
    const mount = healthMount(metrics, async () => ({ why: [], unreadable: [] }));
    const server = await serveMetrics({ address: `127.0.0.1:${port}`, names: [] }, mount);
    context.after(() => new Promise((done) => server.close(done)));
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: [join(folder, 'limpet.rules.yml')],
      scrape_configs: [{ job_name: 'limpet', static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
    };
    writeFileSync(join(temporary, 'prometheus.yml'), JSON.stringify(config)); // JSON is YAML too
    const args = ['--config.file', join(temporary, 'prometheus.yml'), '--storage.tsdb.path', join(temporary, 'data')];
    const prometheus = spawn('prometheus', [...args, `--web.listen-address=127.0.0.1:${own}`], { stdio: 'ignore' });
    context.after(async () => {
      const ended = new Promise((done) => prometheus.once('exit', done));
      prometheus.kill();
      await ended;
      server.closeAllConnections();
    });
    const ask = async (path: string) => (await fetch(`http://127.0.0.1:${own}/api/v1/${path}`)).json() as Promise<any>;
    const answer = async (expression: string) => {
      const { status, data, error } = await ask(`query?query=${encodeURIComponent(expression)}`);
      assert.equal(status, 'success', `${expression}: ${error}`);
      return data.result;
    };
    await eventually('scrapes', async () => {
      await tick();
      return (await answer('count_over_time(limpet_store_answers[1m])'))[0]?.value[1] > 3;
    });
    for (const expression of expressions) {
      const filled = expression.replaceAll('$space', '.*').replaceAll('$subnet', '.*');
      await eventually(`an answer to ${filled}`, async () => (await answer(filled)).length > 0);
    }
    const [group] = (await ask('rules')).data.groups;
    assert.deepEqual(
      group.rules.filter(({ health }: any) => health !== 'ok').map(({ name, lastError }: any) => [name, lastError]),
      [],
    );
    assert.equal(group.rules.find(({ name }: any) => name === 'LimpetSubnetFull').state, 'pending');
  });
});

/** Something of all that is counted: a full subnet, and one of each event. */
async function furnish(): Promise<void> {
  const net = await service.subnet('10.77.0.0/29', { space: 'swarm' });
  for (let n = 1; net.stats.free > 0n; n++) await net.allocate(`web.${n}`, { node: 'n' });
  await tick();
}

/** What a plugin's tickets tell of, once more: a rate needs two. */
async function tick(): Promise<void> {
  const about = { space: 'swarm', subnet: '10.77.0.0/29', identity: 'web.1', address: '10.77.0.2' };
  metrics.count({ event: 'address', addressSpace: 'local', outcome: 'own', ...about } as never);
  metrics.count({ event: 'release', addressSpace: 'local', outcome: 'released', ...about } as never);
  metrics.count({ event: 'mend', mark: 'set', ...about } as never);
  metrics.reclaimed.inc({ why: 'asked to' });
  metrics.requests.observe({ call: 'IpamDriver.RequestAddress', status: '200' }, 0.002);
}

async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  for (let n = 0; n < 120; n++) {
    if (await check().catch(() => false)) return;
    await new Promise((done) => setTimeout(done, 250));
  }
  assert.fail(`never: ${what}`);
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}
