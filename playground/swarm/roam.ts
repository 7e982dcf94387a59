// Keyboard in the swarm: one stop in the tab order, arrow keys from there. Up and down within a node, left and right to
// the neighbour, Home and End to the first and last node.

/** Answers a function to call after every change: it keeps the tab stop on something that is still there. */
export function roam(columns: HTMLElement): () => void {
  let current: HTMLElement | undefined;
  const settle = (target?: HTMLElement): void => {
    const alive = current?.isConnected ? current : undefined;
    const next = target ?? alive ?? columns.querySelector<HTMLElement>('button') ?? undefined;
    if (next === current) return;
    if (current !== undefined) current.tabIndex = -1;
    current = next;
    if (current !== undefined) current.tabIndex = 0;
  };
  columns.addEventListener('focusin', (event) => {
    const button = (event.target as Element).closest<HTMLElement>('button');
    if (button !== null) settle(button);
  });
  columns.addEventListener('keydown', (event) => {
    const from = (event.target as Element).closest<HTMLElement>('button');
    const to = from === null ? undefined : target(columns, from, event.key);
    if (to === undefined) return;
    event.preventDefault();
    to.focus();
  });
  return () => settle();
}

function target(columns: HTMLElement, from: HTMLElement, key: string): HTMLElement | undefined {
  const cards = [...columns.children];
  const card = cards.findIndex((candidate) => candidate.contains(from));
  const at = buttonsOf(cards[card]).indexOf(from);
  switch (key) {
    case 'ArrowDown':
      return buttonsOf(cards[card])[at + 1];
    case 'ArrowUp':
      return buttonsOf(cards[card])[at - 1];
    case 'ArrowRight':
      return nearest(cards[card + 1], at);
    case 'ArrowLeft':
      return nearest(cards[card - 1], at);
    case 'Home':
      return nearest(cards[0], 0);
    case 'End':
      return nearest(cards.at(-1), 0);
    default:
      return undefined;
  }
}

function nearest(card: Element | undefined, at: number): HTMLElement | undefined {
  const buttons = buttonsOf(card);
  return buttons[Math.min(at, buttons.length - 1)];
}

function buttonsOf(card: Element | undefined): HTMLElement[] {
  return [...(card?.querySelectorAll<HTMLElement>('button') ?? [])].filter((button) => button.offsetParent !== null);
}
