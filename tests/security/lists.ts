// Lists of containers as somebody who means harm would have Docker answer them, and what such a container has a right
// to: said here a second time, without a word of what is tested.
import fc from 'fast-check';
import { hostileText } from './hostile.js';

export const CIDR = '10.77.0.0/24';
export const NODE = 'node-1';
/** Swarm's IDs have 25 characters. */
const id = (letter: string) => letter.repeat(25);
const [T1, T2, T3, FAKE] = ['a', 'b', 'c', 'f'].map(id) as [string, string, string, string];

/** What Swarm has written down: the task of web.1 runs here, web.2 on another node, web.3 here and is in no list. */
export const TASKS = (
  [
    [1, T1, NODE],
    [2, T2, 'node-2'],
    [3, T3, NODE],
  ] as const
).map(([Slot, ID, NodeID]) => ({
  ID,
  Slot,
  NodeID,
  ServiceID: 'id-web',
  Status: { State: 'running', ContainerStatus: { ContainerID: `container-${Slot}` } },
  DesiredState: 'running',
  NetworksAttachments: [{ Network: { ID: 'net-1' }, Addresses: [`10.77.0.2${Slot}/24`] }],
}));
export const SERVICES = [{ ID: 'id-web', Spec: { Name: 'web' } }];

/** Who is at home where, before anybody comes. */
export const HOMES = {
  'web.1': '10.77.0.11',
  'web.2': '10.77.0.12',
  'web.3': '10.77.0.13',
  db: '10.77.0.14',
  '@second/web.1': '10.77.0.16',
} as const;
export const END = '@endpoint/node-2/10.77.0.15';

const name = fc.oneof(
  fc.constantFrom(
    'web.1',
    'web.2',
    `web.1.${T1}`,
    `web.2.${T2}`,
    `web.3.${T3}`,
    `web.9.${FAKE}`,
    `@second/web.1.${T1}`,
    `evil.${T1}`,
    'web.1.q',
  ),
  fc.constantFrom(
    '@gateway/10.77.0.1',
    END,
    '@guest/10.77.0.30',
    '@second/web.1',
    '@',
    'db',
    'web-endpoint',
    'container:web.1',
  ),
  fc.constantFrom('x'.repeat(255), 'ü'.repeat(128), 'x'.repeat(5000), '', '__proto__', '-rf', '--help'),
  hostileText,
);
const address = fc.oneof(
  fc.nat(40).map((n) => `10.77.0.${n}`),
  fc.constantFrom(
    '10.77.0.255',
    '10.77.0.011',
    '10.77.0.12/24',
    '10.78.0.1',
    '::ffff:10.77.0.11',
    'fe80::1%eth0',
    '999.1.1.1',
  ),
  fc.constant(''),
  hostileText,
);
const network = fc.oneof({ weight: 6, arbitrary: fc.constant('web') }, { weight: 1, arbitrary: hostileText });
const state = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('running', 'created', 'exited', 'paused', 'restarting', 'dead', 'removing') },
  { weight: 1, arbitrary: hostileText },
);
const odd = <T>(usual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 30, arbitrary: usual as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: fc.anything() });

const labels = fc.record({
  id: fc.oneof(fc.constantFrom(T1, T2, T3, FAKE, 'q', ''), hostileText),
  /** The label of the name: as the container's own, or another. */
  name: fc.oneof(fc.constant(undefined), name),
  service: fc.oneof(fc.constantFrom('web', '@gateway', '@second/web', 'db', 'evil', ''), hostileText),
  serviceId: fc.constantFrom('id-web', 'id-evil', ''),
});

const container = fc
  .record({
    name,
    labels: fc.option(labels, { nil: undefined }),
    network,
    address: odd(address),
    asked: odd(address),
    state: odd(state),
    networkId: fc.constantFrom('net-1', '', 'net-9'),
  })
  .map(({ name, labels, network, address, asked, state, networkId }) => ({
    Names: [`/${name}`],
    State: state,
    Created: 1e9,
    Labels: labels && {
      'com.docker.swarm.task.id': labels.id,
      'com.docker.swarm.task.name': labels.name ?? name,
      'com.docker.swarm.service.name': labels.service,
      'com.docker.swarm.service.id': labels.serviceId,
    },
    NetworkSettings: {
      Networks: Object.fromEntries([
        [network, { NetworkID: networkId, IPAMConfig: { IPv4Address: asked }, IPAddress: address }],
      ]),
    },
  }));

type Listed = any;

export function nameOf(listed: any): string {
  return listed.Names[0].slice(1);
}

/** Docker gives the IDs, and a name once. The task of web.1 is among them, or not. */
export const list = fc
  .tuple(
    fc.uniqueArray(container, { minLength: 1, maxLength: 6, selector: nameOf }),
    fc.option(address, { nil: undefined }),
  )
  .map(([hostile, genuine]): Listed[] => {
    const others = hostile.map((each, n) => ({ ...each, Id: `hostile-${n}` }));
    if (genuine === undefined) return others;
    return [...others.filter((each) => nameOf(each) !== `web.1.${T1}`), task(genuine)];
  });

function task(IPAddress: string): Listed {
  return {
    Id: 'container-1',
    Names: [`/web.1.${T1}`],
    State: 'running',
    Labels: {
      'com.docker.swarm.task.id': T1,
      'com.docker.swarm.task.name': `web.1.${T1}`,
      'com.docker.swarm.service.name': 'web',
      'com.docker.swarm.service.id': 'id-web',
    },
    NetworkSettings: { Networks: { web: { NetworkID: 'net-1', IPAMConfig: {}, IPAddress } } },
  };
}

/** The one identity that a container has a right to, by Swarm's records; a made-up one everybody may be given. */
export function rightOf(listed: Listed): string {
  return listed.Id === 'container-1' ? 'web.1' : plain(nameOf(listed));
}

/** In a call of Docker's nobody asks Swarm: name and labels, all of them, are what there is to go by. */
export function rightsInCall(listed: Listed): string[] {
  const [, service, slot, task] = /^(.+)\.([^.]+)\.([^.]+)$/s.exec(nameOf(listed)) ?? [];
  const says = (label: string) => listed.Labels?.[`com.docker.swarm.${label}`];
  const agrees = says('task.id') === task && says('task.name') === nameOf(listed) && says('service.name') === service;
  return task !== undefined && task !== '' && agrees ? [rightOf(listed), `${service}.${slot}`] : [rightOf(listed)];
}

function plain(name: string): string {
  return /^(.+)\.(\d+|[0-9a-z]{25})$/.test(name) ? `container:${name}` : name;
}
