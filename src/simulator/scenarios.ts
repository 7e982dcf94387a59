// The scenarios that come with the simulator, by name; each is a JSON file of its own.

import classic from './scenarios/classic.json' with { type: 'json' };
import type { Scenario } from './types.js';

export const scenarios: { readonly [name: string]: Scenario } & { readonly classic: Scenario } = {
  classic: classic as Scenario,
};
