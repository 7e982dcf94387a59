// Starts the Bun that `npm ci --ignore-scripts` has put here: the package `bun` has only a placeholder until its
// install script has run, the package for the platform has the program.
import { spawnSync } from 'node:child_process';
import { arch, platform } from 'node:process';
import { fileURLToPath } from 'node:url';

const cpu = arch === 'arm64' ? 'aarch64' : arch;
const program = fileURLToPath(new URL(`node_modules/@oven/bun-${platform}-${cpu}/bin/bun`, import.meta.url));
const { status, error } = spawnSync(program, process.argv.slice(2), { stdio: 'inherit' });
if (error) console.error(`Bun cannot be started (npm ci --ignore-scripts first): ${error.message}`);
process.exitCode = status ?? 2;
