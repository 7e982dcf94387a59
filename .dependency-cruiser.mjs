// The arrows between the rooms of src/: each room may import from those that it names, and no file from one that
// imports it, at however many removes. `npm run lint` looks.

/** From the bottom to the top: who may be imported by whom, types as well as code. */
const BELOW = {
  host: [],
  service: ['host'],
  // What every store must pass, for those who write one.
  contract: ['service', 'host'],
  docker: ['service', 'host'],
  stores: ['docker', 'service', 'host'],
  tickets: ['docker', 'service', 'host'],
  // A composing module hands what an operator does to the plugin: neither imports the other.
  plugin: ['tickets', 'docker', 'stores', 'service', 'host'],
  operate: ['tickets', 'docker', 'stores', 'service', 'host'],
  simulator: ['tickets', 'docker', 'service', 'host'],
  cli: ['simulator', 'plugin', 'operate', 'tickets', 'docker', 'stores', 'service', 'host'],
  // What the package exports. Only the build and tests import from here.
  entries: ['contract', 'simulator', 'tickets', 'docker', 'stores', 'service', 'host'],
};

const rooms = Object.entries(BELOW).map(([room, below]) => ({
  name: `from-${room}`,
  comment: `src/${room}/ imports from ${below.join(', ') || 'no other room'}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...below].join('|')})/` },
}));

export default {
  forbidden: [
    ...rooms,
    {
      name: 'a-room',
      comment: 'every file of src/ is in a room',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${Object.keys(BELOW).join('|')})/` },
      to: {},
    },
    {
      name: 'from-src',
      comment: 'what is shipped imports nothing of the workshop',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(assembly|bench|examples|playground|scripts|tests)/' },
    },
    {
      name: 'from-playground',
      comment: 'the page takes limpet as any page does, from the package',
      severity: 'error',
      from: { path: '^playground/' },
      to: { path: '^(src|assembly|bench|scripts|tests)/' },
    },
    {
      name: 'from-assembly',
      comment: 'the core stands alone',
      severity: 'error',
      from: { path: '^assembly/', pathNot: '^assembly/__tests__/' },
      to: { pathNot: '^assembly/(?!__tests__/)' },
    },
    {
      name: 'no-circle',
      comment: 'files import in circles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true, // an import of a type is an arrow like any other
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json', '.d.ts'] },
  },
};
