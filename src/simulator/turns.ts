// The machine's turns: what has begun waits for an event of the simulated world when all microtasks are done, and that
// is when the machine turns to its next macrotask. Named without the types of the DOM or of Node.

interface Port {
  onmessage: (() => void) | null;
  postMessage(message: number): void;
}

/** Node has setImmediate, browsers have channels; a browser's setTimeout would wait for milliseconds. */
const machine = globalThis as unknown as {
  readonly setImmediate?: (action: () => void) => unknown;
  readonly MessageChannel: new () => { readonly port1: Port; readonly port2: Port };
};

const waiting: (() => void)[] = [];
let channel: { readonly port1: Port; readonly port2: Port } | undefined;

/** Resolves when all microtasks are done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    if (machine.setImmediate !== undefined) machine.setImmediate(resolve);
    else throughChannel(resolve);
  });
}

function throughChannel(resolve: () => void): void {
  if (channel === undefined) {
    channel = new machine.MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  waiting.push(resolve);
  channel.port2.postMessage(0);
}
