// Certificates as a swarm gives them to its nodes, made by openssl: the folder `certificates` of each node.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Authority {
  readonly cluster: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'limpet-ca-'));

  constructor(cluster: string) {
    this.cluster = cluster;
    this.#openssl([
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '30',
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
      '-subj',
      '/CN=swarm-ca',
    ]);
  }

  /** Answers the folder. `days` may be over already. */
  node(id: string, role: 'manager' | 'worker', { days = 30, name = id, cluster = this.cluster } = {}): string {
    const folder = join(this.#folder, name);
    mkdirSync(folder, { recursive: true });
    const subject = `/O=${cluster}/OU=swarm-${role}/CN=${id}`;
    const [key, request] = [join(folder, 'key'), join(folder, 'request')];
    this.#openssl([
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      key,
      '-out',
      request,
      '-subj',
      subject,
    ]);
    this.#openssl([
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      join(folder, 'swarm-node.crt'),
      '-days',
      `${days}`,
    ]);
    copyFileSync(join(this.#folder, 'ca.crt'), join(folder, 'swarm-root-ca.crt'));
    // As Docker writes it: with words of its own within the block.
    const pem = readFileSync(key, 'utf8').replace(/^(-----BEGIN .*-----)$/m, '$1\nkek-version: 0\nraft-dek: EAA=\n');
    writeFileSync(join(folder, 'swarm-node.key'), pem, { mode: 0o600 });
    return folder;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #openssl(args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] });
  }
}
