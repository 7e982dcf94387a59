// A dockerd that is being stopped: it has closed its socket, has left the swarm, and answers on the connections that it
// has while it stops its containers.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Docker } from '../../src/docker/docker.js';
import { DockerSwarm } from '../../src/docker/swarm-client.js';

interface Stoppable {
  readonly host: string;
  state: string;
  /** No new connections from now on; those that there are stay. */
  closeSocket(): Promise<void>;
}

async function dockerd(context: TestContext): Promise<Stoppable> {
  const folder = mkdtempSync(join(tmpdir(), 'limpet-stopping-'));
  const host = join(folder, 'docker.sock');
  const http = createHttpServer((request, response) => {
    const Swarm = { LocalNodeState: docker.state, NodeID: docker.state === 'active' ? 'n'.repeat(25) : '' };
    const body =
      request.url === '/version' ? { ApiVersion: '1.41' } : { Name: 'host', ServerVersion: '20.10.24', Swarm };
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  const sockets = createServer((socket) => http.emit('connection', socket)).listen(host);
  await once(sockets, 'listening');
  const docker: Stoppable = {
    host,
    state: 'active',
    closeSocket: async () => void sockets.close(), // its end would wait for the connections
  };
  context.after(() => {
    sockets.close();
    http.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  return docker;
}

const clients = {
  Docker: (host: string) => {
    const client = new Docker({ host });
    return async () => (await client.info()).swarm.state;
  },
  DockerSwarm: (host: string) => {
    const client = new DockerSwarm({ host });
    return async () => (await client.membership()).state;
  },
};

for (const [name, open] of Object.entries(clients)) {
  test(`${name}: one that is being stopped does not say that it is in no swarm`, async (context) => {
    const docker = await dockerd(context);
    const ask = open(docker.host);
    assert.equal(await ask(), 'active');
    await docker.closeSocket();
    assert.equal(await ask(), 'active', 'the connection is kept');
    docker.state = 'inactive';
    await assert.rejects(ask(), (error: Error) => /GET info.*it is being stopped/.test(error.message));
  });

  test(`${name}: one that is in no swarm says so`, async (context) => {
    const docker = await dockerd(context);
    docker.state = 'inactive';
    assert.equal(await open(docker.host)(), 'inactive');
  });
}
