// What as-pect runs, each compiled to a module of its own: every spec of the core, or those that the test runner names.
export default {
  entries: process.env.LIMPET_SPECS?.split(',') ?? ['assembly/__tests__/**/*.spec.ts'],
  include: ['assembly/__tests__/**/*.include.ts'],
  disclude: [/node_modules/],
  async instantiate(memory, createImports, instantiate, binary) {
    return instantiate(binary, createImports({ env: { memory } }));
  },
  outputBinary: false,
};
