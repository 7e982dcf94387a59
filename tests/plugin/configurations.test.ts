// Configurations made with --config-only: Docker asks no driver about them, so a look says what is wrong with one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readNetwork } from '../../src/docker/read.js';
import { Configurations } from '../../src/tickets/configurations.js';
import type { Told } from '../../src/tickets/told.js';

const network = (name: string, options: object, { driver = 'limpet:latest', only = true } = {}) =>
  readNetwork({ Id: `id-${name}`, Name: name, ConfigOnly: only, IPAM: { Driver: driver, Options: options } });

const SHARED = { 'limpet.scope': 'cluster' };

/** What is told in as many looks at these networks, by that Docker. */
function told(version: string, ...looks: ReturnType<typeof network>[][]): string[] {
  const lines: Told[] = [];
  const networks = { known: [] as ReturnType<typeof network>[] };
  const configurations = new Configurations({
    dockerVersion: () => version,
    networks: networks as never,
    tell: (line) => void lines.push(line),
  });
  for (const known of looks) {
    networks.known = known;
    configurations.look();
  }
  return lines.map((line) => `${line.level} ${'network' in line ? line.network : ''}: ${line.why}`);
}

test('before Docker 29 tasks on a network that nodes share are not sticky: said once of each configuration', () => {
  const lan = network('lan-config', SHARED);
  const [first, ...more] = told('20.10.24', [], [lan], [lan]);
  assert.match(first ?? '', /^warn lan-config: Docker 20\.10\.24 does not say which container asks .* Use Docker 29/);
  assert.deepEqual(more, []);
  assert.equal(told('20.10.24', [lan], [], [lan]).length, 2, 'made again');
});

test('nothing is said of others: on Docker 29, of one node alone, of another driver, of networks', () => {
  assert.deepEqual(told('29.7.2', [network('lan-config', SHARED)]), []);
  const others = [
    network('own-config', {}),
    network('other-config', SHARED, { driver: 'default' }),
    network('lan', SHARED, { only: false }),
  ];
  assert.deepEqual(told('20.10.24', others), []);
});

test('an option that is wrong is named, where only a task would meet it', () => {
  const said = told('29.7.2', [network('lan-config', { 'limpet.scope': 'everywhere' })]);
  assert.match(
    said[0] ?? '',
    /^warn lan-config: no network can be made from it: limpet\.scope: "everywhere" is neither/,
  );
});
