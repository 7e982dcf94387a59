// The cable between the machines: a bridge in a network namespace of its own, so that the firewall and the addresses of
// the machine that runs the test have no part in it.

import { run } from './run.js';
import type { RunFolder } from './run-folder.js';

const PREFIX_LENGTH = 24;

/** One machine's place on the network. */
export interface Plug {
  readonly namespace: string;
  readonly address: string;
}

export class Network {
  readonly #folder: RunFolder;
  readonly #namespace: string;

  private constructor(folder: RunFolder, namespace: string) {
    this.#folder = folder;
    this.#namespace = namespace;
  }

  static async make(folder: RunFolder): Promise<Network> {
    const namespace = await folder.namespace('cable');
    await run('ip', ['netns', 'add', namespace]);
    await run('ip', ['-n', namespace, 'link', 'add', 'bridge', 'type', 'bridge']);
    await run('ip', ['-n', namespace, 'link', 'set', 'bridge', 'up']);
    return new Network(folder, namespace);
  }

  /** A fresh network namespace, joined to the others under that address. */
  async plug(name: string, address: string): Promise<Plug> {
    const namespace = await this.#folder.namespace(name);
    await run('ip', ['netns', 'add', namespace]);
    const link = ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace];
    await run('ip', ['-n', this.#namespace, ...link]);
    await run('ip', ['-n', this.#namespace, 'link', 'set', name, 'master', 'bridge', 'up']);
    await run('ip', ['-n', namespace, 'address', 'add', `${address}/${PREFIX_LENGTH}`, 'dev', 'eth0']);
    for (const device of ['lo', 'eth0']) await run('ip', ['-n', namespace, 'link', 'set', device, 'up']);
    return { namespace, address };
  }

  /** From now on not a packet gets through, and nobody is told. */
  async cut(name: string): Promise<void> {
    await run('ip', ['-n', this.#namespace, 'link', 'set', name, 'down']);
  }

  async unplug(name: string, { namespace }: Plug): Promise<void> {
    await run('ip', ['-n', this.#namespace, 'link', 'delete', name]);
    await run('ip', ['netns', 'delete', namespace]);
  }
}
