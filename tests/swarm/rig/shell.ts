// A person at a node's keyboard: commands as a page of the documentation has them, word for word, by bash inside the
// machine. Around them is what such a node has and the rig's machines lack: Docker's usual socket, a /var/lib and a
// /usr/local/sbin of its own, `npx limpet` and `journalctl`.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellWord } from '../../../src/host/visible.js';
import type { DockerNode } from './docker-node.js';

/** Docker's own colours and widths are for a terminal: here there is none. */
const ENVIRONMENT = 'export NO_COLOR=1 COLUMNS=200; unset DOCKER_HOST LIMPET_PLUGIN_FOLDER';

export interface Typed {
  readonly code: number;
  /** Both streams, as a terminal shows them. */
  readonly out: string;
}

export class Shell {
  readonly #node: DockerNode;
  readonly #bin: string;

  private constructor(node: DockerNode, bin: string) {
    this.#node = node;
    this.#bin = bin;
  }

  /**
   * @param cli the command line that `npx limpet` is to run
   * @param name of a further shell on the same node
   */
  static async on(node: DockerNode, cli: string, name = ''): Promise<Shell> {
    const bin = join(node.machine.disk, `bin${name}`);
    const library = join(node.machine.disk, 'var-lib');
    await mkdir(bin, { recursive: true });
    const sbin = join(node.machine.disk, 'sbin');
    await mkdir(library, { recursive: true });
    await mkdir(sbin, { recursive: true });
    await program(
      bin,
      'npx',
      `[ "$1" = limpet ] && shift && exec ${shellWord(process.execPath)} ${shellWord(cli)} "$@"`,
    );
    await program(bin, 'journalctl', `exec cat ${shellWord(node.log)}`);
    if (name === '') {
      await node.machine.run('mount', '--bind', library, '/var/lib');
      await node.machine.run('mount', '--bind', sbin, '/usr/local/sbin');
    }
    await node.machine.run('ln', '-sf', node.socket, '/run/docker.sock');
    return new Shell(node, bin);
  }

  /** @param before lines that go before */
  async type(script: string, before = ''): Promise<Typed> {
    const lines = [ENVIRONMENT, `PATH=${shellWord(this.#bin)}:/usr/local/sbin:$PATH`, before, script];
    const file = join(this.#bin, 'typed.sh');
    await writeFile(file, `${lines.join('\n')}\n`);
    const run = `bash ${shellWord(file)} 2>&1 </dev/null; echo "exit $?"`;
    const said = await this.#node.machine.runWithin(300_000, 'bash', '-c', run);
    const [, out = '', code = '99'] = /^([\s\S]*)exit (\d+)\n$/.exec(said) ?? [];
    return { code: Number(code), out };
  }
}

async function program(folder: string, name: string, body: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}
