// Gliding: an element that stands elsewhere after a change starts where it stood and moves home (first, last, invert,
// play). Only transforms and opacity are animated: they cost no layout.

import { wantsStillness } from '../dom.js';

const EASE = 'cubic-bezier(0.22, 0.8, 0.24, 1)';

/** Nobody follows more than so many at once; the others are where they are. */
const MOST = 80;

/** Where something stood on the page, whatever has been scrolled since. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

export function placeOf(element: Element): Place {
  const { left, top } = element.getBoundingClientRect();
  return { x: left + scrollX, y: top + scrollY };
}

/** Lets elements glide from where they stood; those that had no place appear. All are measured before any moves. */
export function glide(moves: Iterable<readonly [element: HTMLElement, from: Place | undefined]>, time: number): void {
  if (wantsStillness()) return;
  const measured = Array.from(moves, ([element, from]) => ({ element, from, to: placeOf(element) }));
  let left = MOST;
  for (const { element, from, to } of measured) {
    if (left === 0) return;
    if (from === undefined) appear(element, time);
    else if (Math.abs(from.x - to.x) + Math.abs(from.y - to.y) < 2) continue;
    else move(element, from.x - to.x, from.y - to.y, time);
    left--;
  }
}

function appear(element: HTMLElement, time: number): void {
  element.animate(
    [
      { opacity: 0, transform: 'scale(0.85)' },
      { opacity: 1, transform: 'none' },
    ],
    {
      duration: time / 2,
      easing: EASE,
    },
  );
}

function move(element: HTMLElement, x: number, y: number, time: number): void {
  element.classList.add('is-gliding');
  const animation = element.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: 'none' }], {
    duration: time,
    easing: EASE,
  });
  const done = () => element.classList.remove('is-gliding');
  animation.addEventListener('finish', done);
  animation.addEventListener('cancel', done);
}
