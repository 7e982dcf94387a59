// Asks the wire of the network namespace that it runs in: node --import tsx wire-child.ts SUBNET ADDRESS…
import { ArpWire } from '../../src/plugin/arp-wire.js';
import { systemClock } from '../../src/service/clock.js';

const [cidr, ...addresses] = process.argv.slice(2);
const wire = new ArpWire(systemClock);
const answers = await Promise.all(addresses.map((address) => wire.ask(cidr as string, address)));
console.log(JSON.stringify(answers));
