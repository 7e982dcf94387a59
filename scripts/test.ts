// Runs tests: all the usual ones, suites, files, or those of a name. The last line counts them.
import { parseArgs } from 'node:util';
import { runTests } from './test/run.js';
import { suitesOf, type Wish } from './test/select.js';
import { watchTests } from './test/watch.js';

const USAGE = `npm test                        the usual suites
npm test -- FILE...             test files, specs of the core too; a folder, or a part of the path, will do
npm test -- SUITE... [FILE...]  suites by name, or files of them, such as: host-debug tests/host/abi.test.ts
npm test -- -t NAME [FILE...]   only tests whose name has NAME, in the files, or in all whose text has it
npm run test:long               the long suites
npm run test:watch [-- FILE...] [-t NAME]
                                again after each change; without FILE the test file that was saved last

What is not up to date is built before. LIMPET_SEED=N draws the property tests' cases again that N drew.

usual:  ${suitesOf('usual').join(', ')}
long:   ${suitesOf('long').join(', ')}
system: ${suitesOf('system').join(', ')} (they need etcd, Chromium, compilers)`;

const { words, name, isLong, isWatched } = told();
const wish: Wish = { words: isLong ? [...words, ...suitesOf('long')] : words, name };
try {
  process.exitCode = (await (isWatched ? watchTests(wish) : runTests(wish))) ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}

function told() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        name: { type: 'string', short: 't' },
        long: { type: 'boolean', default: false },
        watch: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    return { words: positionals, name: values.name, isLong: values.long, isWatched: values.watch };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}
