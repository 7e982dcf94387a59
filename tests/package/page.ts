// Bundles the consumer's page with esbuild, against the installed package. The page is bundled in the consumer's
// folder: inside the project, `limpet` would mean the project itself.
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import esbuild from 'esbuild';
import { folder, root } from './installed.js';

/** Bundle of consumer/page.ts for a browser, what went into it, and what it still imports when it runs. */
export async function bundlePage(): Promise<{ script: string; inputs: string[]; imports: string[] }> {
  await copyFile(join(root, 'tests/package/consumer/page.ts'), join(folder, 'page.ts'));
  const result = await esbuild.build({
    absWorkingDir: folder,
    entryPoints: ['page.ts'],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const [file] = result.outputFiles;
  if (!file) throw new Error('esbuild gave no file');
  const imports = Object.values(result.metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return { script: file.text, inputs: Object.keys(result.metafile.inputs), imports };
}
