// `limpet docker-plugin`: its options, each also an environment variable, which is how a managed plugin is set. The
// plugin itself is loaded only when it is asked for.

import { type Command, Option } from 'commander';
import { DEFAULTS, LOG_LEVELS } from '../plugin/options.js';
import type { Settings } from '../plugin/run.js';
import { Failure } from './failure.js';
import { filled } from './filled.js';

const HELP = `
An empty variable counts as unset. For etcd, files and names come only from
the environment: LIMPET_ETCD_CA, LIMPET_ETCD_CERT, LIMPET_ETCD_KEY (PEM files),
LIMPET_ETCD_USER and LIMPET_ETCD_PASSWORD, or LIMPET_ETCD_USER_FILE and
LIMPET_ETCD_PASSWORD_FILE, of which the first line is used. Without TLS a
password is sent only with etcd://…?plain-auth=yes.
In a swarm, managers answer the plugins of workers on LIMPET_SWARM_PORT (2378),
with the certificates in LIMPET_SWARM_CERTIFICATES
(/var/lib/docker/swarm/certificates).
/metrics and /healthz are also on the plugin's socket.

Example, for plain Docker on one machine:
  limpet docker-plugin --socket /run/docker/plugins/limpet.sock
  docker network create --ipam-driver limpet --subnet 10.5.0.0/24 web`;

/** Adds the command to the program. */
export function dockerPluginCommand(program: Command): void {
  const command = program
    .command('docker-plugin')
    .description("serve Docker's IPAM driver protocol: containers and tasks keep their addresses")
    .addHelpText('after', HELP);
  for (const option of options()) command.addOption(option);
  command.action(async (given: Partial<Settings>) => {
    refuseEmpty(command);
    await start(given);
  });
}

function options(): Option[] {
  const { store, socket, docker, stateFile, logLevel, globalPools } = DEFAULTS;
  const option = (flags: string, variable: string, description: string) => new Option(flags, description).env(variable);
  return [
    option('--store <url>', 'LIMPET_STORE', 'auto, swarm:, file:///folder or etcd://host:2379').default(store),
    option('--socket <path>', 'LIMPET_SOCKET', 'where Docker calls').default(socket),
    option('--docker <address>', 'LIMPET_DOCKER_SOCKET', "Docker's API: a socket or tcp://host:2375").default(docker),
    option('--node <name>', 'LIMPET_NODE', "the displayed name of this node, if not the host's name"),
    option('--state <file>', 'LIMPET_STATE', 'the file that keeps the ID of this host').default(stateFile),
    option('--log-level <level>', 'LIMPET_LOG_LEVEL', LOG_LEVELS.join(', ')).default(logLevel),
    option('--metrics <host:port>', 'LIMPET_METRICS', 'where /metrics and /healthz are served'),
    option('--metrics-names <names>', 'LIMPET_METRICS_NAMES', 'what scrapers call this host there: a,b'),
    option('--global-pools <ranges>', 'LIMPET_GLOBAL_POOLS', 'for swarm networks without --subnet').default(
      globalPools,
    ),
    option('--local-pools <ranges>', 'LIMPET_LOCAL_POOLS', 'for networks of this host without --subnet').default(
      DEFAULTS.localPools,
      "as Docker's: 172.17.0.0/16:16 and on, 192.168.0.0/16:20",
    ),
    option('--home-wait <time>', 'LIMPET_HOME_WAIT', 'how long a second container waits for the first').default('5s'),
    option('--docker-wait <time>', 'LIMPET_DOCKER_WAIT', 'how long one answer of Docker may take').default('2s'),
    option('--sweep-after <time>', 'LIMPET_SWEEP_AFTER', 'how long a ticket may be held without a task').default('60s'),
  ];
}

/** An empty variable is as good as none, an empty option is not. @throws Failure naming it */
function refuseEmpty(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) === 'cli') filled(option.long as string)(command.getOptionValue(name));
  }
}

/** `docker plugin set` cannot unset a variable: an empty one is as good as none. */
function orDefaults(given: Partial<Settings>): Settings {
  const { store, socket, docker, stateFile, logLevel, globalPools, localPools } = DEFAULTS;
  const defaults = { store, socket, docker, state: stateFile, logLevel, globalPools, localPools };
  const waits = { homeWait: '5s', dockerWait: '2s', sweepAfter: '60s' };
  const said = Object.entries(given).filter(([, value]) => value !== '');
  return { ...defaults, ...waits, ...Object.fromEntries(said) };
}

async function start(given: Partial<Settings>): Promise<void> {
  const { serve } = await import('./serve.js');
  try {
    await serve(orDefaults(given));
  } catch (error) {
    // The plugin is a bundle of its own, with its own LimpetError.
    const { name, code, message } = error as NodeJS.ErrnoException;
    if (name === 'LimpetError' || code !== undefined) throw new Failure(message);
    throw error;
  }
}
