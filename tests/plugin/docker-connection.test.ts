// Docker's API as it comes over a real socket: answers, refusals, connections that end too early, events in pieces, and
// questions that are called off.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DockerConnection, DockerRefusal } from '../../src/docker/connection.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

interface Served {
  readonly connection: DockerConnection;
  /** `METHOD URL`, in order. */
  readonly asked: string[];
  readonly connections: () => number;
}

async function serve(context: TestContext, handle: Handler): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'limpet-connection-'));
  const asked: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    handle(request, response);
  });
  server.on('connection', () => connections++);
  const path = join(folder, 'docker.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  return { connection: new DockerConnection({ host: path }), asked, connections: () => connections };
}

const never = new AbortController().signal;

test('what is asked goes out as Docker has it, on one connection', async (context) => {
  const { connection, asked, connections } = await serve(context, (_, response) => response.end('[{"Id":"a"}]'));
  const query = { all: true, filters: '{"name":["a b"]}' };
  assert.deepEqual(await connection.ask({ path: '/containers/json', version: 'v1.44', query, signal: never }), [
    { Id: 'a' },
  ]);
  await connection.ask({ path: '/version', signal: never });
  assert.deepEqual(asked, [
    'GET /v1.44/containers/json?all=true&filters=%7B%22name%22%3A%5B%22a+b%22%5D%7D',
    'GET /version',
  ]);
  assert.equal(connections(), 1);
});

test('a kept connection that has just been closed: a question is asked again, a change is not', async (context) => {
  const answered = new Set<unknown>();
  const { connection, asked, connections } = await serve(context, ({ socket }, response) => {
    if (answered.has(socket)) return void socket.destroy();
    answered.add(socket);
    response.end('{}');
  });
  for (let n = 0; n < 3; n++) await connection.ask({ path: '/info', signal: never });
  assert.deepEqual([asked.length, connections()], [5, 3]);
  const change = connection.ask({ method: 'POST', path: '/configs/create', body: {}, signal: never });
  await assert.rejects(change, { code: 'ECONNRESET' });
  assert.equal(connections(), 3);
});

test('a body is sent as JSON, and an empty answer is none', async (context) => {
  let body = '';
  const { connection } = await serve(context, (request, response) => {
    assert.equal(request.headers['content-type'], 'application/json');
    request.on('data', (part) => (body += part)).on('end', () => response.writeHead(204).end());
  });
  const answer = await connection.ask({ method: 'POST', path: '/configs/create', body: { Name: 'é' }, signal: never });
  assert.equal(answer, undefined);
  assert.equal(body, '{"Name":"é"}');
});

test('a refusal has Docker’s own words and its status', async (context) => {
  const bodies = ['{"message":"no such network"}', 'plain words\n', '', '[]'];
  const { connection } = await serve(context, (_, response) => response.writeHead(404).end(bodies.shift()));
  for (const words of ['no such network', 'plain words', 'HTTP status 404', '[]'])
    await assert.rejects(connection.ask({ path: '/networks/x', signal: never }), (error) => {
      assert.ok(error instanceof DockerRefusal);
      assert.deepEqual([error.statusCode, error.message], [404, words]);
      return true;
    });
});

test('a connection that ends within an answer is an error, with the system’s code', async (context) => {
  const { connection } = await serve(context, (_, response) => {
    response.writeHead(200, { 'Content-Length': 100 }).write('[{"Id":');
    setImmediate(() => response.destroy());
  });
  await assert.rejects(connection.ask({ path: '/info', signal: never }), { code: 'ECONNRESET' });
});

test('what is no JSON is an error', async (context) => {
  const { connection } = await serve(context, (_, response) => response.end('<html>'));
  await assert.rejects(connection.ask({ path: '/info', signal: never }), SyntaxError);
});

test('nobody is there', async () => {
  const connection = new DockerConnection({ host: '/nowhere/docker.sock' });
  await assert.rejects(connection.ask({ path: '/info', signal: never }), { code: 'ENOENT' });
});

for (const when of ['before it was sent', 'before there is an answer', 'within the answer']) {
  test(`a question is called off ${when}`, async (context) => {
    const end = new AbortController();
    const { connection, asked } = await serve(context, (_, response) => {
      if (when === 'within the answer') response.writeHead(200, { 'Content-Length': 100 }).write('[');
      setTimeout(() => end.abort(new Error('late')), 10);
    });
    if (when === 'before it was sent') end.abort(new Error('late'));
    await assert.rejects(connection.ask({ path: '/info', signal: end.signal }), { message: 'late' });
    assert.equal(asked.length, when === 'before it was sent' ? 0 : 1);
  });
}

test('events are heard one by one, however they are cut, until the stream ends', async (context) => {
  const { connection, asked } = await serve(context, async (_, response) => {
    for (const part of ['{"Type":"é', '1"}\n{"Type":', '"2"}\n\n', '{"Type":"not whole'])
      await new Promise<void>((resolve) => response.write(part, () => setImmediate(resolve)));
    response.end();
  });
  const heard: string[] = [];
  let isOpen = false;
  const listening = { version: 'v1.44', signal: never, query: { filters: '{}' } };
  await connection.events({ ...listening, heard: (event) => heard.push(event) }, () => {
    isOpen = true;
  });
  assert.ok(isOpen);
  assert.deepEqual(heard, ['{"Type":"é1"}', '{"Type":"2"}']);
  assert.deepEqual(asked, ['GET /v1.44/events?filters=%7B%7D']);
});

test('listening ends with its signal', async (context) => {
  const end = new AbortController();
  const { connection } = await serve(context, (_, response) => void response.write('{"Type":"1"}\n'));
  let count = 0;
  await connection.events(
    {
      signal: end.signal,
      heard: () => {
        count++;
        end.abort();
      },
    },
    () => {},
  );
  assert.equal(count, 1);
});
