// The scenarios that come with the simulator; each is a JSON file of its own, and checked like everybody's when it is
// played.

import classic from './scenarios/classic.json' with { type: 'json' };
import crowd from './scenarios/crowd.json' with { type: 'json' };
import exhausted from './scenarios/exhausted.json' with { type: 'json' };
import rollingUpdate from './scenarios/rolling-update.json' with { type: 'json' };
import type { Scenario } from './types.js';

type Bundled = 'classic' | 'rolling-update' | 'exhausted' | 'crowd';

/** By a name that fits into a URL. */
export const scenarios = { classic, 'rolling-update': rollingUpdate, exhausted, crowd } as Readonly<
  Record<Bundled, Scenario>
>;
