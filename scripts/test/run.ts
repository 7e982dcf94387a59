// One run: builds what is needed and not up to date, runs the processes, tells how it went.
import { build } from '../build/build.js';
import { type Compiled, compileTests } from './compile.js';
import { runAll } from './pool.js';
import { Report } from './report.js';
import { isTest, plan, type Wish } from './select.js';
import { Shared } from './shared.js';

/** Whether all went well. */
export async function runTests(wish: Wish): Promise<boolean> {
  const started = performance.now();
  const shared = new Shared();
  let compiled: Compiled | undefined;
  try {
    const chosen = plan(wish, shared);
    const isLive = chosen.jobs.length === 1 && chosen.byFile;
    const report = new Report(chosen, isLive);
    if (!(await built(chosen.builds))) return false;
    process.env.LIMPET_BUILT = '1'; // tests/fresh.ts need not look again, in each process
    const onText = isLive ? (text: string) => void process.stdout.write(text) : undefined;
    compiled = await compileTests(chosen.jobs.map(({ what }) => what).filter(isTest));
    const manner = { compiled, name: wish.name, onText };
    const run = (job: (typeof chosen.jobs)[number]) => job.run(manner);
    await runAll(chosen.jobs, run, (finished) => report.take(finished));
    console.log(`in ${((performance.now() - started) / 1000).toFixed(0)} s`);
    return report.end();
  } finally {
    await compiled?.remove();
    await shared.close();
  }
}

async function built(steps: Parameters<typeof build.stale>[0]): Promise<boolean> {
  if (steps?.length === 0) return true;
  try {
    await build.stale(steps);
    return true;
  } catch (error) {
    console.log(`FAIL build\n${(error as Error).message}\n0 passed, 1 failed`);
    return false;
  }
}
