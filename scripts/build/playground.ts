// The playground's static site: one page, one script, one style sheet. It takes `limpet` from the browser form in
// dist/, as package.json's exports say, like any page that has the package installed; what it weighs is a gate of the
// build.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import esbuild, { type Plugin } from 'esbuild';
import { collectLicenses } from './licenses.js';

const LIMIT_COMPRESSED = 120 * 1024;

/** Fills the folder `site`. @throws Error when it is larger than it may be */
export async function bundlePlayground(site: string, dist: string): Promise<void> {
  await mkdir(site, { recursive: true });
  // A classic script and not a module: browsers refuse modules from file://, and a page saved to a disk shall work.
  await esbuild.build({
    entryPoints: { app: 'playground/app.ts', style: 'playground/style/index.css' },
    outdir: site,
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    logOverride: { 'ignored-bare-import': 'silent' }, // chunks that an entry imports only for their order
    plugins: [ownPackage(dist)],
  });
  await writeFile(`${site}/index.html`, await page());
  await writeFile(`${site}/THIRD-PARTY-LICENSES.txt`, await collectLicenses(['node_modules/ip-num']));
  await checkSize(site);
}

/**
 * The page with its icon inside: browsers ask for icons again whenever they like, also when the host is out of reach.
 */
async function page(): Promise<string> {
  const icon = `data:image/svg+xml,${encodeURIComponent(await readFile('playground/icon.svg', 'utf8'))}`;
  return (await readFile('playground/index.html', 'utf8')).replaceAll('icon.svg', icon);
}

/** `limpet` and `limpet/…` from the folder that is being built: the project's own dist/ is still the one before. */
function ownPackage(dist: string): Plugin {
  return {
    name: 'own-package',
    async setup(build) {
      const { exports } = JSON.parse(await readFile('package.json', 'utf8'));
      build.onResolve({ filter: /^limpet(\/|$)/ }, ({ path }) => {
        const target = exports[`.${path.slice('limpet'.length)}`]?.browser?.import?.default;
        if (target === undefined) return { errors: [{ text: `package.json exports no ${path} for browsers` }] };
        return { path: resolve(dist, target.replace('./dist/', '')), sideEffects: false };
      });
    },
  };
}

async function checkSize(site: string): Promise<void> {
  let compressed = 0;
  for (const name of await readdir(site)) {
    compressed += gzipSync(await readFile(join(site, name)), { level: 9 }).length;
  }
  const size = `playground is ${compressed} bytes with gzip -9 (limit ${LIMIT_COMPRESSED})`;
  if (compressed > LIMIT_COMPRESSED) throw new Error(`${size}: too large`);
  console.log(`build: ${size}`);
}
