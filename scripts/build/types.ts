// The declarations of dist/types/: .d.ts from tsc for the ESM forms, and the same as .d.cts, which CommonJS importers
// need.
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const TSC = 'node_modules/typescript/bin/tsc';

/** Fills `outDir`. @throws Error with what tsc says */
export async function emitTypes(outDir: string): Promise<void> {
  await promisify(execFile)(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--outDir', outDir]).catch((error) => {
    throw new Error(`tsc cannot emit the declarations:\n${error.stdout || error.stderr || error.message}`);
  });
  for (const name of await readdir(outDir, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const text = await readFile(`${outDir}/${name}`, 'utf8');
    const path = `${outDir}/${name.slice(0, -'.d.ts'.length)}.d.cts`;
    await writeFile(path, text.replace(/((?:from|import\()\s*['"]\.{1,2}\/[^'"]*)\.js(['"])/g, '$1.cjs$2'));
  }
}
