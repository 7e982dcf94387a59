// config.json of the managed plugin: what Docker grants it and what `docker plugin set` can change. What each setting
// means is said in docs/SWARM.md; the program reads them in src/plugin.

/** Where things are inside the plugin. */
export const SCRIPT = '/limpet/limpet.mjs';
/** A folder `limpet` is made in it. */
const STATE = '/var/lib';
const SWARM = '/run/limpet/swarm';
const SOCKET = 'limpet.sock';

/** Settable by `docker plugin set limpet NAME=VALUE`; an empty value is none: name, value, description. */
const SETTINGS: readonly [string, string, string][] = [
  [
    'LIMPET_STORE',
    'auto',
    "auto: the swarm's addresses in Swarm itself, those of this node in its own files; or etcd://host:2379,host:2379",
  ],
  ['LIMPET_SWARM_PORT', '', 'TCP port where managers answer the plugins of workers, 2378 when empty'],
  ['LIMPET_SWARM_CERTIFICATES', `${SWARM}/certificates`, "the swarm's own certificates"],
  ['LIMPET_ETCD_CA', '', 'file of the certificate authority of etcd, PEM'],
  ['LIMPET_ETCD_CERT', '', 'file of the certificate for etcd, PEM'],
  ['LIMPET_ETCD_KEY', '', 'file of the key of that certificate, PEM'],
  ['LIMPET_ETCD_USER', '', 'user of etcd'],
  ['LIMPET_ETCD_PASSWORD', '', 'password of that user'],
  ['LIMPET_ETCD_USER_FILE', '', 'file whose first line is that user'],
  ['LIMPET_ETCD_PASSWORD_FILE', '', 'file whose first line is that password'],
  ['LIMPET_DOCKER_SOCKET', '/var/run/docker.sock', 'where the Docker API answers'],
  ['LIMPET_NODE', '', "the displayed name of this node; by default the host's name"],
  ['LIMPET_METRICS', '', 'host:port of /metrics and /healthz; none when empty'],
  ['LIMPET_METRICS_NAMES', '', 'what scrapers call this host, if not by address: a,b'],
  ['LIMPET_LOG_LEVEL', 'info', 'trace, debug, info, warn, error or silent'],
  ['LIMPET_GLOBAL_POOLS', '', 'ranges for swarm networks without --subnet, like 10.128.0.0/9:24'],
  ['LIMPET_LOCAL_POOLS', '', 'ranges for networks of one host without --subnet'],
  ['LIMPET_HOME_WAIT', '', 'how long a second container of an identity waits for the first to leave, like 5s'],
  ['LIMPET_DOCKER_WAIT', '', 'how long one answer of Docker may take, like 2s'],
  ['LIMPET_SWEEP_AFTER', '', 'how long a ticket may be held without a task, like 60s'],
];

/** Settable by `docker plugin set limpet NAME.source=FOLDER`. Docker demands that each of them exists. */
const MOUNTS: readonly [name: string, source: string, destination: string, mode: string, description: string][] = [
  ['socket', '/var/run/docker.sock', '/var/run/docker.sock', 'rw', "the Docker API's socket"],
  ['state', STATE, STATE, 'rw', 'a folder limpet is made in it: the file store, and what the plugin knows of its node'],
  ['swarm', '/var/lib/docker/swarm', SWARM, 'ro', "the folder swarm of Docker's data root: the node's certificates"],
  ['tls', STATE, '/etc/limpet', 'ro', 'certificates and keys for etcd'],
];

/** What every setting is unless it is set: name, or `mount.source`, and value. */
export function defaultSettings(): [name: string, value: string][] {
  return [
    ...SETTINGS.map(([name, value]): [string, string] => [name, value]),
    ...MOUNTS.map(([name, source]): [string, string] => [`${name}.source`, source]),
  ];
}

/** @param version of the package */
export function pluginConfig(version: string) {
  return {
    description: `Limpet ${version}: every task keeps its IP address`,
    documentation: 'docs/SWARM.md',
    interface: { types: ['docker.ipamdriver/1.0'], socket: SOCKET },
    entrypoint: ['/bin/node', SCRIPT, 'docker-plugin', '--socket', `/run/docker/plugins/${SOCKET}`],
    workdir: '/',
    network: { type: 'host' }, // to reach etcd as the node does
    mounts: MOUNTS.map(([name, source, destination, mode, description]) => ({
      name,
      description,
      source,
      destination,
      type: 'bind',
      options: ['rbind', mode],
      settable: ['source'],
    })),
    env: SETTINGS.map(([name, value, description]) => ({ name, description, value, settable: ['value'] })),
    linux: { capabilities: [], allowAllDevices: false, devices: null },
    args: { name: '', description: '', settable: null, value: [] },
  };
}
