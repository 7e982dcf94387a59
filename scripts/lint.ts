// npm run lint: style and mistakes (Biome), arrows between rooms, what nobody uses, lines too long, the lock file.
import { arrows } from './lint/arrows.js';
import { biome } from './lint/biome.js';
import { columns } from './lint/columns.js';
import { lockFiles } from './lint/lock-files.js';
import { unused } from './lint/unused.js';

const checks = { biome, arrows, unused, columns, 'lock files': lockFiles };
const outcomes = await Promise.all(
  Object.entries(checks).map(async ([name, check]) => {
    const started = performance.now();
    const findings = await check().catch((error) => [error.stack ?? String(error)]);
    return { name, findings, seconds: (performance.now() - started) / 1000 };
  }),
);
for (const { name, findings, seconds } of outcomes) {
  console.log(`${findings.length > 0 ? 'FAIL' : 'ok  '} ${name.padEnd(10)} ${seconds.toFixed(1)} s`);
  for (const finding of findings) console.log(`  ${finding}`);
}
process.exitCode = outcomes.every(({ findings }) => findings.length === 0) ? 0 : 1;
