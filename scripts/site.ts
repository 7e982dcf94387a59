// `npm run site`: dist/site/, a static site for any host: the playground at its root, and under api/ the reference of
// everything that the package exports, made from the types and their comments. Needs dist/.
import { cp, rm } from 'node:fs/promises';
import { Application, type TypeDocOptions } from 'typedoc';

const SITE = 'dist/site';

const ENTRIES = ['index', 'module', 'service', 'file-store', 'etcd-store', 'store-contract', 'swarm', 'simulator'];

const options: TypeDocOptions = {
  name: 'Limpet',
  entryPoints: ENTRIES.map((name) => `src/entries/${name}.ts`),
  tsconfig: 'tsconfig.build.json',
  readme: 'none',
  excludePrivate: true,
  excludeInternal: true,
  disableSources: true, // there is no public address of them yet
  includeVersion: true,
  hideGenerator: true,
  navigationLinks: { Playground: '../index.html' },
  logLevel: 'Warn',
};

const application = await Application.bootstrap(options);
const project = await application.convert();
if (project === undefined || isAmiss()) throw new Error('the API reference cannot be made');
// As one imports them.
for (const entry of project.children ?? []) entry.name = entry.name === 'index' ? 'limpet' : `limpet/${entry.name}`;
await rm(SITE, { recursive: true, force: true });
await cp('dist/playground', SITE, { recursive: true });
await application.generateDocs(project, `${SITE}/api`);
if (isAmiss()) throw new Error('the API reference cannot be written');
console.log(`site: ${SITE}/index.html, the playground, and ${SITE}/api/index.html, the API reference`);

/** What it warns of, as a link that leads nowhere, is as bad. */
function isAmiss(): boolean {
  return application.logger.hasErrors() || application.logger.hasWarnings();
}
