// Where compiling WebAssembly is forbidden, as in some workers, `load` says what to use instead.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Limpet } from '../limpet.js';

test('a place that forbids compiling is told of limpet/module', async () => {
  const { compile } = WebAssembly;
  WebAssembly.compile = async () => {
    throw new WebAssembly.CompileError('Wasm code generation disallowed by embedder');
  };
  try {
    await assert.rejects(Limpet.load(), (error: any) => {
      assert.equal(error.code, 'UNAVAILABLE');
      assert.match(error.message, /disallowed by embedder/);
      assert.match(error.message, /'limpet\/module'/);
      assert.ok(error.details.cause instanceof WebAssembly.CompileError);
      return true;
    });
  } finally {
    WebAssembly.compile = compile;
  }
  assert.equal((await Limpet.load()).subnet('10.0.0.0/24').allocate('a'), '10.0.0.1', 'a failure is not kept');
});
