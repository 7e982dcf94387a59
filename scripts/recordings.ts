// The demo's recordings: tests/fixtures/swarm cut down to what `limpet demo` reads, as src/cli/recordings.json.
// Run it after the fixtures change; a test compares the file with what it makes.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// biome-ignore lint/suspicious/noExplicitAny: Docker's own JSON, read by the names of its fields
type Recorded = any;

const SERVICE = 'stockhello';
const FIRST = '1-created';
const STEPS = [FIRST, '2-drained', '3-leader-lost'];

const fixtures = new URL('../tests/fixtures/swarm/', import.meta.url);
export const target = new URL('../src/cli/recordings.json', import.meta.url);

/** The text of recordings.json: Docker's own shapes, one task a line. */
export function recordingsText(): string {
  const services = read(FIRST, 'services');
  const networks = read(FIRST, 'networks');
  const nodes = read(FIRST, 'nodes');
  const service = services.find(({ Spec }) => Spec.Name === SERVICE);
  const networkId = service.Endpoint.VirtualIPs[0].NetworkID;
  const parts = {
    engine: nodes[0]?.Description.Engine.EngineVersion.replace(/\+.*/, ''),
    service: pick(service, 'ID', 'Spec.Name', 'Spec.Mode', 'Endpoint.VirtualIPs'),
    network: pick(
      networks.find(({ Id }) => Id === networkId),
      'Name',
      'Id',
      'IPAM.Config',
    ),
    steps: STEPS.map((step) => ({
      nodes: read(step, 'nodes').map(node).sort(by('name')),
      tasks: read(step, 'tasks')
        .filter(({ ServiceID }) => ServiceID === service.ID)
        .map(task)
        .sort(by('CreatedAt')),
    })),
  };
  return `${layout(parts)}\n`;
}

function task(recorded: Recorded): Recorded {
  const kept = pick(
    recorded,
    'ID',
    'CreatedAt',
    'ServiceID',
    'Slot',
    'NodeID',
    'Status.State',
    'DesiredState',
    'Version',
  );
  const attachments = recorded.NetworksAttachments.map((attachment: Recorded) =>
    pick(attachment, 'Network.ID', 'Addresses'),
  );
  return { ...kept, NetworksAttachments: attachments };
}

function node({ ID, Spec, Description, Status, ManagerStatus }: Recorded): Recorded {
  const leader = ManagerStatus?.Leader === true;
  return { id: ID, name: Description.Hostname, availability: Spec.Availability, state: Status.State, leader };
}

function read(step: string, list: string): Recorded[] {
  return JSON.parse(readFileSync(new URL(`${step}/${list}.json`, fixtures), 'utf8'));
}

function pick(from: Recorded, ...paths: string[]): Recorded {
  const kept: Recorded = {};
  for (const path of paths) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let source = from;
    let place = kept;
    for (const key of keys) {
      source = source[key];
      place = place[key] ??= {};
    }
    place[last] = source[last];
  }
  return kept;
}

function by(key: string) {
  return (a: Recorded, b: Recorded) => (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0);
}

// Objects and lists are opened down to the records, and each record is one line.
function layout(value: Recorded, depth = 0): string {
  if (depth === 4 || typeof value !== 'object') return JSON.stringify(value);
  const inner = '  '.repeat(depth + 1);
  const isList = Array.isArray(value);
  const entries = Object.entries(value).map(([key, entry]) => {
    return `${inner}${isList ? '' : `${JSON.stringify(key)}: `}${layout(entry, depth + 1)}`;
  });
  return `${isList ? '[' : '{'}\n${entries.join(',\n')}\n${'  '.repeat(depth)}${isList ? ']' : '}'}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, recordingsText());
