// What the plugin is told when it starts, with its defaults. Reading it from a command line and the environment is the
// CLI's affair.

import { parseCidr, quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import type { EtcdEnvironment } from '../stores/etcd/options.js';
import { HOST_STATE_FILE } from '../stores/host-state.js';
import type { SwarmEnvironment } from '../stores/swarm/options.js';
import type { PoolRange } from '../tickets/ranges.js';
import type { Waits } from '../tickets/waits.js';

export interface PluginOptions {
  /** `auto`, `swarm:`, `file:///var/lib/limpet`, `etcd://a:2379,b:2379` or `memory:`. */
  readonly store: string;
  /** The socket's path, where Docker calls. */
  readonly socket: string;
  /** Where Docker's API is: a socket's path or `tcp://host:2375`. */
  readonly docker: string;
  /** What people are to read for this node, if not the host's name. */
  readonly node?: string;
  /** The file that keeps who this host is. */
  readonly stateFile: string;
  readonly logLevel: LogLevel;
  /** `host:port` of /metrics and /healthz; none when absent. Both are also on the plugin's own socket. */
  readonly metrics?: string;
  /** What this host is called there, beside its addresses and `localhost`: other names get no answer. */
  readonly metricsNames?: readonly string[];
  readonly pools: { readonly global: readonly PoolRange[]; readonly local: readonly PoolRange[] };
  readonly waits: Waits;
  /** Where TLS files of Docker's API, and what stores need beside their URL, are named. Default `process.env`. */
  readonly environment?: EtcdEnvironment & SwarmEnvironment;
  /** Where log lines go; standard error when absent. */
  readonly logTo?: { write(line: string): void };
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * As operators write them. Pools as Docker's default-address-pools: /24 for overlay networks, /16 and /20 for those of
 * a host. Docker takes the subnets of its own overlays from the lower end of 10.0.0.0/8 and does not look at Limpet's:
 * they come from the upper half.
 */
export const DEFAULTS = {
  store: 'auto',
  socket: '/run/docker/plugins/limpet.sock',
  docker: '/var/run/docker.sock',
  stateFile: HOST_STATE_FILE,
  logLevel: 'info',
  globalPools: '10.128.0.0/9:24',
  localPools: `${Array.from({ length: 15 }, (_, n) => `172.${17 + n}.0.0/16:16`).join(',')},192.168.0.0/16:20`,
} as const;

/**
 * `10.128.0.0/9:24,fd12:3456::/32:64`: ranges, and the prefix length of the subnets taken from each.
 * @throws LimpetError BAD_INPUT naming the part
 */
export function parsePools(text: string): PoolRange[] {
  return text.split(',').map((part) => {
    const [, base, size] = /^(.+):(\d{1,3})$/.exec(part.trim()) ?? [];
    const range = base === undefined ? undefined : parseCidr(base);
    const longest = range?.version === 6 ? 127 : 30;
    if (range !== undefined && Number(size) >= range.prefix && Number(size) <= longest) {
      return { base: range.text, size: Number(size) };
    }
    throw new LimpetError('BAD_INPUT', `${quote(part)} is not a valid range of pools: write it like 10.128.0.0/9:24`, {
      value: part,
    });
  });
}
