// Every step, in the order in which they are played.
import type { StoreName } from '../rig/rig.js';
import { chosenSteps } from './chosen.js';
import { containerSteps } from './containers.js';
import { etcdSteps } from './etcd.js';
import { exhaustionSteps } from './exhaustion.js';
import { fieldSteps } from './field.js';
import { homeSteps } from './homes.js';
import { managerSteps } from './managers.js';
import { optionSteps } from './options.js';
import { restartSteps } from './restarts.js';
import { sharedSteps } from './shared.js';
import type { Step } from './step.js';
import { webSteps } from './web.js';
import { yardstickSteps } from './yardstick.js';

const STORE_STEPS: Readonly<Record<StoreName, readonly Step[]>> = { swarm: managerSteps, etcd: etcdSteps };

function all(store: StoreName): readonly Step[] {
  return [
    ...webSteps,
    ...homeSteps,
    ...restartSteps,
    ...optionSteps,
    ...containerSteps,
    ...STORE_STEPS[store],
    ...exhaustionSteps,
    ...chosenSteps,
    ...sharedSteps,
    ...fieldSteps,
    ...yardstickSteps,
  ];
}

/**
 * Those that are named, `b` meaning `b` and `b1`, in the order of the scenario; all when none is named.
 * @throws Error for a name without a step, and where a node that is lost is missed afterwards
 */
export function steps(names: readonly string[], store: StoreName): Step[] {
  const there = all(store);
  const isMeant = (step: Step, name: string) => step.name === name || step.name.replace(/\d$/, '') === name;
  const unknown = names.filter((name) => !there.some((step) => isMeant(step, name)));
  if (unknown.length > 0) throw new Error(`no such step: ${unknown}; there are ${there.map(({ name }) => name)}`);
  const chosen = there.filter((step) => names.length === 0 || names.some((name) => isMeant(step, name)));
  const lost = chosen.findIndex(({ name }) => name === 'c');
  const next = chosen[lost + 1];
  if (lost >= 0 && next !== undefined && next.name !== 'd')
    throw new Error(`c leaves a node lost, and d brings it back: choose d too, before ${next.name}`);
  return chosen;
}
