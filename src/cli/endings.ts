// What would end the process halfway, a signal or a reader of standard output that has gone, waits while steps run
// that belong together: between two of them a node may have no plugin.

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

let areDeferred = false;
let asked: (() => void) | undefined;

/** From now on the process goes on until `endAsAsked`, unless it is killed. */
export function deferEndings(): void {
  if (areDeferred) return;
  areDeferred = true;
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.stderr.on('error', () => {}); // the terminal has gone, and with it whom to tell
}

export function endingsAreDeferred(): boolean {
  return areDeferred;
}

/** Ends the process by `how`, now or when the steps are done. What is asked first counts. */
export function end(how: () => void): void {
  if (areDeferred) asked ??= how;
  else how();
}

/** The command is done, and has said how it went: what was asked for meanwhile happens now. */
export function endAsAsked(): void {
  areDeferred = false;
  for (const signal of SIGNALS) process.off(signal, onSignal);
  asked?.();
}

function onSignal(signal: NodeJS.Signals): void {
  process.stderr.write(`limpet: ${signal}: first the steps go on to their end\n`);
  end(() => process.kill(process.pid, signal));
}
