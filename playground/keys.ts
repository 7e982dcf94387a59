// Keys for the whole page: space plays, arrows step. Only where the key has no meaning of its own.

import type { Desk } from './swarm/desk.js';

/** Elements that do something with the keys themselves. */
const BUSY = 'button, input, select, textarea, a, canvas, summary, [role="tab"], [role="region"]';

/** @param isSeen whether the desk is what is looked at */
export function listenForKeys(desk: Desk, isSeen: () => boolean): void {
  addEventListener('keydown', (event) => {
    if (!isSeen() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.target as Element).closest(BUSY) !== null) return;
    if (event.key === ' ') void desk.toggle();
    else if (event.key === 'ArrowRight') desk.move(event.shiftKey ? 'next' : 'step');
    else if (event.key === 'ArrowLeft') desk.move(event.shiftKey ? 'back' : 'undo');
    else if (event.key === 'Home') desk.move('start');
    else return;
    event.preventDefault();
  });
}
