// What a container's author chooses for it by labels, since stacks and Compose cannot say it otherwise: its address
// (chosen.ts has the form), or the part of the subnet that new addresses come from.
//
//   limpet.address=…    limpet.address.NETWORK=…
//   limpet.pool=…       limpet.pool.NETWORK=…       a range first-last, or a CIDR
//
// A label that names a network is for that one alone, and goes before one that names none.

import { contains } from '../host/cidr.js';
import { subnetOf } from './address.js';
import { isOn } from './networks.js';
import type { Container, Network } from './shapes.js';

const PREFIX = 'limpet.';
/** Compose numbers the containers of a service that it scales. */
const NUMBER = 'com.docker.compose.container-number';

/** What a label says, and which one. */
export interface Choice {
  readonly label: string;
  readonly text: string;
}

/** The labels of a container that say something to Limpet; undefined when none does. */
export function labelsOf(labels: Readonly<Record<string, unknown>>): Container['labels'] | undefined {
  const names = Object.keys(labels);
  if (!names.some((name) => name.startsWith(PREFIX))) return undefined;
  const own = names.filter((name) => name.startsWith(PREFIX) || name === NUMBER);
  return Object.fromEntries(own.map((name) => [name, String(labels[name])]));
}

/** What the container's labels say of this kind for one of these networks. */
export function choiceOf(
  { labels = {}, endpoints }: Pick<Container, 'labels' | 'endpoints'>,
  kind: 'address' | 'pool',
  networks: readonly Network[],
): Choice | undefined {
  const on = networks.filter((network) => endpoints.some((endpoint) => isOn(endpoint, [network])));
  const named = on.map(({ name }) => `${PREFIX}${kind}.${name}`);
  const label = [...named, `${PREFIX}${kind}`].find((each) => labels[each] !== undefined);
  return label === undefined ? undefined : { label, text: labels[label] as string };
}

/** Which of the containers of its service it is, where Compose says so. */
export function numberOf({ labels }: Pick<Container, 'labels'>): number | undefined {
  const number = Number(labels?.[NUMBER]);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** Whether an address is of another subnet that the container is on: what it is chosen for is not this one. */
export function isOfOther(
  { endpoints }: Pick<Container, 'endpoints'>,
  address: string,
  cidr: string,
  networks: readonly Network[],
): boolean {
  const on = networks.filter((network) => endpoints.some((endpoint) => isOn(endpoint, [network])));
  const subnets = on.flatMap(({ subnets }) => subnets.flatMap(({ subnet }) => subnetOf(subnet) ?? []));
  return subnets.some((each) => each !== cidr && contains(each, address));
}
