// The version of Docker's API that is asked in: agreed on once, and again only when another Docker may be there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerClient } from '../../src/docker/client.js';
import { Docker } from '../docker/docker.js';
import { info } from '../docker/json.js';

test('a refusal of what was asked for is none of the version', async () => {
  const docker = new Docker({ info: info('node-1', { manager: false }) });
  const client = new DockerClient(docker);
  for (let n = 0; n < 3; n++) {
    await assert.rejects(client.tasks(), { code: 'UNAVAILABLE', message: /This node is not a swarm manager/ });
    await client.containers();
  }
  assert.equal(docker.asked.filter((path) => path === '/version').length, 1);
});

test('Docker that was upgraded meanwhile refuses the version, and is asked for its own', async () => {
  const docker = new Docker({});
  const client = new DockerClient(docker);
  await client.containers();
  docker.version = '1.52';
  await client.containers();
  assert.deepEqual(docker.asked, [
    '/version',
    '/v1.41/containers/json?all=true',
    '/v1.41/containers/json?all=true',
    '/version',
    '/v1.52/containers/json?all=true',
  ]);
});
