// What the command line loads when it is asked to throws the LimpetError that the package exports.
import assert from 'node:assert/strict';
import { LimpetError } from 'limpet';

const dist = new URL('./', import.meta.resolve('limpet'));
const { withStore } = await import(new URL('operate.js', dist).href);
await assert.rejects(withStore('nonsense:', 'status', {}), LimpetError);

const { serve } = await import(new URL('serve.js', dist).href);
const waits = { homeWait: '5s', dockerWait: '2s', sweepAfter: '60s' };
const pools = { globalPools: '10.0.0.0/8:24', localPools: '172.17.0.0/16:16' };
const rest = { store: 'memory:', socket: 'limpet.sock', docker: 'docker.sock', state: 'node' };
await assert.rejects(serve({ ...rest, ...pools, ...waits, logLevel: 'loud' }), (error) => {
  assert.match(error.message, /loud/);
  return error instanceof LimpetError;
});
