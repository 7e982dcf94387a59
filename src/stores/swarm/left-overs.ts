// What was left by somebody who died while he made a subnet or removed one.

import type { Config } from '../../docker/swarm-api.js';
import { type IndexContent, indexNameOf, type Listed } from './index-content.js';
import { hasEnded } from './subnet-content.js';

/** Milliseconds after which a config that no index lists is not being made any more. */
const ABANDONED = 3_600_000;

/** Of everything that there is at one moment: configs that nobody lists, and lines of the index that mean nothing. */
export function leftOvers(
  prefix: string,
  index: IndexContent,
  configs: readonly Config[],
  now: number,
): { readonly abandoned: readonly Config[]; readonly dangling: readonly Listed[] } {
  const listed = [...index.subnets()];
  const names = new Set(listed.map(({ config }) => config));
  const there = new Set(configs.filter(({ labels }) => !hasEnded(labels)).map(({ name }) => name));
  const isSubnet = ({ name, data }: Config) => name !== indexNameOf(prefix) && data.startsWith('{"limpet":');
  return {
    abandoned: configs.filter((each) => isSubnet(each) && !names.has(each.name) && now - each.created > ABANDONED),
    dangling: listed.filter(({ config }) => !there.has(config)),
  };
}
