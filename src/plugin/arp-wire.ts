// Asking the wire by the kernel's own means: a datagram to the address has the kernel ask who has it (ARP), and what
// came of that is in /proc/net/arp. No raw socket, and so no capability, is needed. What it cannot do:
//
//   - the node itself has to have an address of the subnet on one of its interfaces, else no ARP is asked;
//   - what the node has talked to lately counts as there until the kernel has forgotten it;
//   - containers of this node on macvlan and ipvlan do not hear their own node: those Limpet knows itself;
//   - IPv6 has no such table in /proc.

import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { contains } from '../host/cidr.js';
import type { Clock } from '../service/index.js';
import type { Asking, WireAnswer } from './wire.js';

const TABLE = '/proc/net/arp';
/** Nobody serves it, and whoever does throws away what comes (RFC 863). */
const DISCARD = 9;
/** The kernel asks every second: this is for two questions. */
const PATIENCE = 1500;
const STEP = 50;
/** Of the table's flags: there is an answer. */
const COMPLETE = 0x2;

export class ArpWire implements Asking {
  readonly #clock: Pick<Clock, 'elapsed' | 'sleep'>;

  constructor(clock: Pick<Clock, 'elapsed' | 'sleep'>) {
    this.#clock = clock;
  }

  async ask(cidr: string, address: string): Promise<WireAnswer> {
    const own = Object.entries(networkInterfaces()).flatMap(([device, all]) =>
      (all ?? []).map((each) => ({ device, address: each.address })),
    );
    const self = own.find((each) => each.address === address);
    if (self !== undefined) return { kind: 'somebody', who: `this node, on ${self.device}` };
    if (!own.some((each) => contains(cidr, each.address)))
      return { kind: 'unknown', why: `it has no address of ${cidr} itself` };
    try {
      await knock(address);
      return await this.#answer(address);
    } catch (error) {
      return { kind: 'unknown', why: (error as Error).message };
    }
  }

  async #answer(address: string): Promise<WireAnswer> {
    for (const until = this.#clock.elapsed() + PATIENCE; ; await this.#clock.sleep(STEP)) {
      const who = hardwareIn(await readFile(TABLE, 'utf8'), address);
      if (who !== undefined) return { kind: 'somebody', who };
      if (this.#clock.elapsed() >= until) return { kind: 'nobody' };
    }
  }
}

/** A datagram without content. */
function knock(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const end = (error: Error | null) => {
      socket.close();
      if (error) reject(error);
      else resolve();
    };
    socket.once('error', end);
    socket.send('', DISCARD, address, end);
  });
}

/** `IP address, HW type, Flags, HW address, Mask, Device`: the hardware address of a line that has an answer. */
function hardwareIn(table: string, address: string): string | undefined {
  for (const line of table.split('\n')) {
    const [ip, , flags, hardware] = line.split(/\s+/);
    if (ip === address && (Number(flags) & COMPLETE) !== 0) return hardware;
  }
  return undefined;
}
