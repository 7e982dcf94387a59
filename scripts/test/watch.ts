// Runs tests again after each change of a source or a test.
import { watch } from 'node:fs';
import { runTests } from './run.js';
import type { Wish } from './select.js';

const FOLDERS = ['assembly', 'src', 'playground', 'tests', 'bench', 'examples'];
/** What a build writes is no change of ours. */
const NOT_OURS = /^src\/host\/generated\//;
/** An editor saves a file in several steps. */
const SETTLED = 150;

/** Until it is interrupted. Without words: the test file that was saved last. */
export async function watchTests(wish: Wish): Promise<never> {
  const changes = changedFiles();
  let current: Wish | undefined = wish.words.length > 0 || wish.name !== undefined ? wish : undefined;
  for (;;) {
    if (current === undefined) console.log('save a test file, and it is run after each change');
    else await runTests(current).catch((error) => console.log(error.message));
    const files = await changes();
    const saved = files.filter((file) => /\.(test|spec)\.ts$/.test(file));
    if (wish.words.length === 0 && saved.length > 0) current = { ...wish, words: saved };
    console.log(`\n${new Date().toLocaleTimeString()}  ${files.join(', ')}`);
  }
}

/** Answers what has changed since the last call, and waits for the first change. */
function changedFiles(): () => Promise<string[]> {
  const changed = new Set<string>();
  let wake = () => {};
  for (const folder of FOLDERS) {
    watch(folder, { recursive: true }, (_, name) => {
      const file = `${folder}/${name}`;
      if (name === null || NOT_OURS.test(file) || !/\.\w+$/.test(file)) return;
      changed.add(file);
      wake();
    });
  }
  return async () => {
    if (changed.size === 0) await new Promise<void>((resolve) => (wake = resolve));
    await new Promise((resolve) => setTimeout(resolve, SETTLED));
    const files = [...changed];
    changed.clear();
    return files;
  };
}
