// Docker's API as a small real HTTP server on a unix socket, answering what was recorded of a real swarm. Tests change
// the answers as Docker itself would: by what runs, not by what Limpet is to find.

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { fixture, fixturePath, type Step } from '../host/recordings.js';

type Json = any;

export class DockerServer {
  containers: Json[];
  readonly tasks: Json[];
  readonly services: Json[];
  readonly networks: Json[];
  readonly nodes: Json[];
  /** Containers of the other nodes: what the nodes' gossip tells of. */
  readonly elsewhere: Json[];
  info: Json;
  /** What has been asked, without the API's version. */
  readonly asked: string[] = [];
  readonly #server: Server;

  /** One step of the recording, as the API of one of its nodes answers it. */
  constructor(step: Step, node = 1) {
    const nodes = step === '3-leader-lost' ? [2, 3] : [1, 2, 3];
    const containersOf = (n: number): Json[] =>
      JSON.parse(readFileSync(fixturePath(step, `containers-node-${n}.json`), 'utf8'));
    this.containers = containersOf(node);
    this.elsewhere = nodes.filter((n) => n !== node).flatMap(containersOf);
    this.tasks = fixture(step, 'tasks');
    this.services = fixture(step, 'services');
    this.networks = fixture(step, 'networks');
    this.nodes = fixture(step, 'nodes');
    const self = this.nodes.find(({ Description }) => Description.Hostname === `node-${node}`);
    this.info = {
      Name: `node-${node}`,
      ServerVersion: self.Description.Engine.EngineVersion,
      Swarm: { NodeID: self.ID, LocalNodeState: 'active', ControlAvailable: true, Nodes: this.nodes.length },
    };
    this.#server = createServer((request, response) => {
      const path = (request.url ?? '').replace(/^\/v1\.\d+/, '');
      this.asked.push(path);
      const { status, body } = this.#answer(new URL(path, 'http://docker').pathname);
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
  }

  listen(socket: string): Promise<void> {
    return new Promise((resolve) => this.#server.listen(socket, resolve));
  }

  close(): Promise<unknown> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  /** A node's ID, by the name of its host; what is no host's name stays as it is. */
  idOf(name: string): string {
    return this.nodes.find(({ Description }) => Description.Hostname === name)?.ID ?? name;
  }

  /** The running container of an identity, on whatever node. */
  container(identity: string): Json {
    const all = [...this.containers, ...this.elsewhere];
    const found = all.find(({ State, Names }) => State === 'running' && Names[0].startsWith(`/${identity}.`));
    if (found === undefined) throw new Error(`no running container of ${identity}`);
    return found;
  }

  #answer(path: string): { status: number; body: Json } {
    const list = path.slice(1) as 'containers' | 'tasks';
    const manager = this.info.Swarm.ControlAvailable;
    if (['/tasks', '/services', '/nodes'].includes(path) && !manager) {
      return { status: 503, body: { message: 'This node is not a swarm manager.' } };
    }
    if (['/tasks', '/services', '/nodes', '/networks'].includes(path)) return { status: 200, body: this[list] };
    if (path === '/containers/json') return { status: 200, body: this.containers };
    if (path === '/info') return { status: 200, body: this.info };
    if (path === '/version') return { status: 200, body: { ApiVersion: '1.41', Version: this.info.ServerVersion } };
    const network = this.networks.find(({ Id }) => path === `/networks/${Id}`);
    if (network !== undefined) return { status: 200, body: this.#inspect(network) };
    return { status: 404, body: { message: 'page not found' } };
  }

  /** As `GET /networks/ID?verbose=true` answers: Docker's list of networks leaves containers and services out. */
  #inspect(network: Json): Json {
    const all = [...this.containers, ...this.elsewhere].filter(({ State }) => State === 'running');
    const tasks = all.flatMap(({ Names, NetworkSettings, Labels }) => {
      const endpoint = NetworkSettings.Networks[network.Name];
      const service = Labels['com.docker.swarm.service.name'] ?? '';
      return endpoint === undefined ? [] : [{ service, Name: Names[0].slice(1), EndpointIP: endpoint.IPAddress }];
    });
    const Services: Json = {};
    for (const { service, ...task } of tasks) {
      Services[service] ??= { VIP: '<nil>', Tasks: [] };
      Services[service].Tasks.push(task);
    }
    return { ...network, Services, Containers: this.endpoints.get(network.Name) ?? {} };
  }

  /** Endpoints of this node that are no container's, by network: the load balancer's end. */
  readonly endpoints = new Map<string, Json>();
}
