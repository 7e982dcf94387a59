// Docker's API as the plugin and the commands ask it.

import { DockerClient, type DockerClientOptions } from './client.js';
import { DockerConnection } from './connection.js';
import type { DockerHost } from './docker-host.js';

export interface DockerOptions extends DockerHost, DockerClientOptions {}

export class Docker extends DockerClient {
  /** Connects to nothing yet. @throws LimpetError BAD_INPUT naming the host */
  constructor({ deadline, clock, ...host }: DockerOptions) {
    super(new DockerConnection(host), { deadline, clock });
  }
}
