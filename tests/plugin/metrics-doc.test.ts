// docs/monitoring/ and the table of metrics in docs/OPERATIONS.md against the metrics that the plugin has. Whether the
// rules fire: tests/monitoring.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { Metrics } from '../../src/plugin/metrics.js';

const folder = resolve('docs/monitoring');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const dashboard = JSON.parse(read('grafana-dashboard.json'));
const expressions: string[] = dashboard.panels.flatMap(({ targets }: any) => targets.map(({ expr }: any) => expr));

const ours = new Metrics(() => undefined).registry.getMetricsAsArray().filter(({ name }) => name.startsWith('limpet_'));

/** Names in a text, a histogram's by its own. */
function namesIn(text: string): Set<string> {
  const names = [...text.matchAll(/\blimpet_[a-z_]+/g)].map(([name]) => name);
  return new Set(names.map((name) => name.replace(/^(limpet_request_seconds)_(bucket|count|sum)$/, '$1')));
}

describe('names', () => {
  test('docs/OPERATIONS.md documents every metric, with its labels, and no other', () => {
    const rows = readFileSync('docs/OPERATIONS.md', 'utf8').matchAll(/^\| `(limpet_[a-z_]+)` \|([^|]*)\|/gm);
    const documented = Array.from(rows, ([, name, labels = '']) => [
      name,
      [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).sort(),
    ]);
    const counted = ours.map((metric) => [
      metric.name,
      [...(metric as unknown as { labelNames: string[] }).labelNames].sort(),
    ]);
    assert.ok(counted.length >= 12);
    assert.deepEqual(documented.sort(), counted.sort());
  });

  for (const file of ['limpet.rules.yml', 'limpet.rules.test.yml', 'grafana-dashboard.json']) {
    test(`all that ${file} names are there`, () => {
      const there = new Set(ours.map(({ name }) => name));
      const named = namesIn(read(file));
      assert.ok(named.size > 3);
      assert.deepEqual(
        [...named].filter((name) => !there.has(name)),
        [],
      );
    });
  }

  test('the dashboard shows every metric', () => {
    const shown = namesIn(expressions.join(' '));
    assert.deepEqual(
      ours.map(({ name }) => name).filter((name) => !shown.has(name)),
      ['limpet_store_open'], // the panel of limpet_store_answers says the same, and more
    );
  });

  test('a rule names a page and a section that are there', () => {
    const runbooks = [...read('limpet.rules.yml').matchAll(/runbook: (\S+)#(\S+)/g)];
    assert.equal(runbooks.length, read('limpet.rules.yml').match(/- alert:/g)?.length);
    for (const [, page = '', section] of runbooks) {
      const heads = [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, head = '']) => anchor(head));
      assert.ok(heads.includes(section as string), `${page} has no section ${section}`);
    }
  });
});

/** As the usual renderers of Markdown make it. */
function anchor(head: string): string {
  return head
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
