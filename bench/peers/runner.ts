// A contestant's process on the side of Node: `runner.ts NAME`. Takes commands as lines of JSON and answers each with
// one.
//
//   {"do":"load","file":…}             {"do":"round","count":…}     → {"nanoseconds":…}
//   {"do":"setUp","seconds":…}         {"do":"memory","file":…,"seconds":…} → {"bytes":…}
//   {"do":"version"} → {"version":…}   what fails → {"error":…}; a set-up out of time → {"done":…,"of":…}

import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { median } from '../measure.js';
import { PEERS } from './node/index.js';
import type { Peer } from './peer.js';
import { readScript } from './read-script.js';
import { Replay, TooSlow } from './replay.js';

type Command =
  | { readonly do: 'version' }
  | { readonly do: 'load'; readonly file: string }
  | { readonly do: 'setUp'; readonly seconds: number }
  | { readonly do: 'memory'; readonly file: string; readonly seconds: number }
  | { readonly do: 'round'; readonly count: number };

const name = process.argv[2] ?? '';
const make = PEERS[name];
if (!make) throw new Error(`no peer is named ${JSON.stringify(name)}: there are ${Object.keys(PEERS).join(', ')}`);
const peer = (await make()) as Peer<unknown> & { readonly version: string };
let replay: Replay<unknown> | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  let answer: object;
  try {
    answer = await obey(JSON.parse(line) as Command);
  } catch (error) {
    answer = error instanceof TooSlow ? { done: error.done, of: error.of } : { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function obey(command: Command): Promise<object> {
  switch (command.do) {
    case 'version':
      return { version: peer.version };
    case 'load':
      replay = new Replay(peer, readScript(command.file));
      return {};
    case 'setUp':
      loaded().setUp(command.seconds);
      return {};
    case 'round':
      return { nanoseconds: loaded().round(command.count) };
    case 'memory':
      return { bytes: await memory(command) };
  }
}

function loaded(): Replay<unknown> {
  if (!replay) throw new Error('no script has been loaded');
  return replay;
}

/** Bytes that the state of a case takes: as the peer says, or in JavaScript's heap and its buffers. */
async function memory({ file, seconds }: { readonly file: string; readonly seconds: number }): Promise<number> {
  const script = readScript(file);
  const once = async () => {
    peer.open(30);
    replay = new Replay(peer, script);
    const before = await used();
    replay.state(seconds);
    const bytes = (await used()) - before;
    loaded(); // or the collector could have taken it before it was measured
    return bytes;
  };
  await once(); // what the engine compiles and remembers on the way is no part of the state
  return median([await once(), await once(), await once()]);
}

async function used(): Promise<number> {
  if (peer.used) return peer.used();
  for (let i = 0; i < 2; i++) {
    (globalThis as unknown as { gc(): void }).gc();
    await setTimeout(50); // buffers are swept on another thread
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
