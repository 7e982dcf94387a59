// Where Docker's API is, as operators write it and as Docker's own commands take it: a socket, or TCP with or without
// TLS.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import { withoutSecrets } from '../host/secrets.js';

export interface DockerHost {
  /** `/var/run/docker.sock`, `unix:///var/run/docker.sock`, `tcp://host:2375`, `https://host:2376`. */
  readonly host: string;
  /** With them, TCP is TLS and both ends show a certificate. */
  readonly tls?: Certificates;
}

/** PEM texts. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Where to connect, in Node's words. */
export type DockerAddress =
  | { readonly socketPath: string; readonly tls?: undefined }
  | { readonly host: string; readonly port: number; readonly tls?: Certificates | undefined };

export type DockerEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The certificates that Docker's own commands would use: with DOCKER_TLS_VERIFY, or for an https address, `ca.pem`,
 * `cert.pem` and `key.pem` in DOCKER_CERT_PATH, by default `~/.docker`. A socket needs none.
 * @throws LimpetError BAD_INPUT naming the file that cannot be read
 */
export function dockerHost(host: string, environment: DockerEnvironment): DockerHost {
  const isTls = host.startsWith('https://') || (/^tcp:/.test(host) && !!environment.DOCKER_TLS_VERIFY);
  if (!isTls) return { host };
  const folder = environment.DOCKER_CERT_PATH || join(environment.HOME || '/root', '.docker');
  const read = (name: string) => {
    const path = join(folder, name);
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      const message =
        `Docker at ${withoutSecrets(host)} wants TLS, and ${path} cannot be read (${(error as Error).message}): set ` +
        'DOCKER_CERT_PATH';
      throw new LimpetError('BAD_INPUT', message, { value: path });
    }
  };
  return { host, tls: { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') } };
}

/** @throws LimpetError BAD_INPUT naming the host */
export function addressOf({ host, tls }: DockerHost): DockerAddress {
  const socketPath = /^(?:unix:\/\/)?(\/.+)$/.exec(host)?.[1];
  if (socketPath !== undefined) return { socketPath };
  const [, scheme, name, port] = /^(tcp|http|https):\/\/([^/:@]+|\[[0-9a-fA-F:]+\])(?::(\d+))?\/?$/.exec(host) ?? [];
  if (name === undefined || (scheme === 'https') !== (tls !== undefined && scheme !== 'tcp')) throw bad(host);
  const usual = tls === undefined ? 2375 : 2376;
  return { host: name.replace(/^\[|\]$/g, ''), port: Number(port ?? usual), tls };
}

function bad(host: string): LimpetError {
  const shown = withoutSecrets(host);
  const there = 'write /var/run/docker.sock, tcp://host:2375, or https://host:2376 for TLS';
  return new LimpetError('BAD_INPUT', `${quote(shown)} is not a valid address of Docker's API: ${there}`, {
    value: shown,
  });
}
