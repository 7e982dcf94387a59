// One thing that happens to the swarm. What must be true after it is the same for all (checks.ts).
import type { World } from '../world.js';

export interface Step {
  /** The letter of the scenario, and a number where one letter has several. */
  readonly name: string;
  readonly title: string;
  /** It moves replicas: how soon they answer is measured. */
  readonly isTimed?: true;
  /** Makes it happen, and returns when Swarm has been told; whatever must be waited for is waited for by who checks. */
  readonly play: (world: World) => Promise<void>;
}
