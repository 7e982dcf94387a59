// The process that file-store.ts measures: reads the bytes of a folder, then starts on it, and says what both took.

import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { Limpet } from '../tests/limpet.js';
import { AllocatorService, FileStore } from '../tests/service/library.js';

const [folder, what] = process.argv.slice(2) as [string, string];

function readBytes(): void {
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (const name of readdirSync(folder)) {
    const fd = openSync(join(folder, name), 'r');
    while (readSync(fd, buffer) > 0);
    closeSync(fd);
  }
}

function clock(): () => number {
  const started = performance.now();
  return () => performance.now() - started;
}

readBytes(); // from the page cache both times
const idle = process.memoryUsage().rss;
const reading = clock();
readBytes();
const read = reading();
const cpuBefore = process.cpuUsage();
const opening = clock();
let bindings = 0;
if (what === 'service') {
  const service = await AllocatorService.open(new FileStore(folder));
  const stats = service.find('10.0.0.0/8')?.stats;
  bindings = (stats?.live ?? 0) + (stats?.reserved ?? 0);
} else {
  const limpet = await Limpet.load();
  await new FileStore(folder).open({
    reset: () => {},
    ready: () => {},
    restore({ snapshot }) {
      const restore = limpet.restorer();
      for (const piece of snapshot) restore.feed(piece);
      const { live, reserved } = restore.commit().stats;
      bindings += live + reserved;
    },
    apply: () => {},
    introduced: () => {},
    dump: () => [],
    nodes: () => [],
    report: () => {},
  });
}
const open = opening();
const { user, system } = process.cpuUsage(cpuBefore);
const cpu = (user + system) / 1000;
const { rss } = process.memoryUsage();
// Not what resourceUsage says: that counts the parent in, from before this program was loaded.
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
console.log(JSON.stringify({ read, open, cpu, rss, peak, idle, bindings }));
process.exit(0);
