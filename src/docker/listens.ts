// Whether anybody takes connections at an address.

import { connect, type NetConnectOpts } from 'node:net';

/** @param within milliseconds */
export function listens(at: NetConnectOpts, within: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at);
    const end = (isThere: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isThere);
    };
    const timer = setTimeout(() => end(false), within);
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
