// Imports both entries while watching whatever an import could do, and prints what it saw: nothing, when all is well.
const seen = [];

watch(globalThis, 'fetch');
watch(globalThis, 'atob');
watch(globalThis, 'setTimeout');
watch(globalThis, 'setInterval');
watch(globalThis.crypto, 'getRandomValues');
watch(process, 'on');
watch(process, 'emitWarning');
for (const name of ['compile', 'instantiate', 'Module', 'Instance', 'Memory']) watch(WebAssembly, name);
const before = new Set(Reflect.ownKeys(globalThis));
const resources = process.getActiveResourcesInfo().length;

await import('limpet');
await import('limpet/module');

for (const key of Reflect.ownKeys(globalThis)) if (!before.has(key)) seen.push(`new global ${String(key)}`);
if (process.getActiveResourcesInfo().length > resources) seen.push('left something running');
process.stdout.write(seen.join('\n'));

function watch(object, name) {
  const inner = object[name];
  Object.defineProperty(object, name, {
    configurable: true,
    writable: true,
    value: function watched(...args) {
      seen.push(`called ${name}`);
      return new.target ? Reflect.construct(inner, args) : Reflect.apply(inner, this, args);
    },
  });
}
