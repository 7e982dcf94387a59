// The steps, one after the other. A failure takes back what can be taken back.

import { visible } from '../../host/visible.js';
import { print } from '../output.js';
import type { Paint } from '../print.js';
import { withProgress } from '../progress.js';
import type { Step } from './steps.js';

/** After a failure: all that was begun is taken back, or something of it may remain. */
export type Undone = 'undone' | 'remains';

/**
 * Each step is printed before it runs. Where the plugin does not serve in the end, `onFailure` is called before the
 * failure is thrown.
 */
export async function runSteps(
  steps: readonly Step[],
  paint: Paint,
  onFailure: (undone: Undone) => Promise<void>,
): Promise<void> {
  const begun: Step[] = [];
  let serves = false;
  try {
    for (const step of steps) {
      await print([told(step, paint)]);
      begun.push(step);
      await withProgress((seconds) => `… ${seconds} s`, step.run);
      serves ||= step.isGoal === true;
    }
  } catch (error) {
    if (!serves) await onFailure(await undo(begun));
    throw error;
  }
}

/** Nothing is changed. */
export async function printSteps(steps: readonly Step[], paint: Paint): Promise<void> {
  await print(steps.map((step) => told(step, paint)));
}

function told({ command }: Step, paint: Paint): string {
  return `${paint('dim', visible(command))}\n`;
}

/** The last one first. Each builds on those before it, so that one which fails is the end of it. */
async function undo(begun: readonly Step[]): Promise<Undone> {
  try {
    for (const step of [...begun].reverse()) await step.undo?.();
    return 'undone';
  } catch {
    return 'remains'; // the failure of the step itself is the one to tell
  }
}
