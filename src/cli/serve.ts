// The plugin with the operators' operations on its socket: the one module that the command line loads for `limpet
// docker-plugin`, and only then, since Docker's client, etcd's and the rest come with it.

import packageJson from '../../package.json' with { type: 'json' };
import { adminHandler, type OperateEnvironment } from '../operate/index.js';
import type { Parts } from '../plugin/assembly.js';
import { run, type Settings } from '../plugin/run.js';
import type { Mount } from '../plugin/server.js';

/** @throws LimpetError BAD_INPUT naming the setting, LOCKED; system errors of the socket */
export function serve(settings: Settings): Promise<void> {
  return run(settings, operations);
}

export function operations({ situation, environment, protocol }: Parts): Mount {
  return adminHandler((): OperateEnvironment => {
    const { service, host, nodeOf, docker, clock } = environment;
    return {
      service: service(),
      store: situation.store as NonNullable<typeof situation.store>,
      host: host(),
      nodeOf,
      isStarting: (net, identity, containers) => protocol.tenants.isStarting(net, identity, containers),
      docker,
      clock,
      version: packageJson.version,
      notes: situation.limit === undefined ? [] : [situation.limit],
    };
  });
}
