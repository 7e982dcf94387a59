// A tab list as WAI-ARIA has it: one tab in the tab order, arrow keys between them, a panel for each.

import { setAttr } from './dom.js';

/** Makes tabs of the buttons in a list; answers how to choose one by its id. */
export function makeTabs(list: HTMLElement, onChange: (id: string) => void): (id: string) => void {
  const tabs = [...list.querySelectorAll<HTMLElement>('[role="tab"]')];
  const choose = (id: string): void => {
    for (const tab of tabs) {
      const chosen = tab.id === id;
      setAttr(tab, 'aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute('aria-controls') ?? '');
      if (panel !== null) panel.hidden = !chosen;
    }
    onChange(id);
  };
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener('click', () => choose(tab.id));
    tab.addEventListener('keydown', (event) => {
      const to = nextTab(event.key, index, tabs.length);
      const target = to === undefined ? undefined : tabs[to];
      if (target === undefined) return;
      event.preventDefault();
      choose(target.id);
      target.focus();
    });
  }
  return choose;
}

function nextTab(key: string, index: number, length: number): number | undefined {
  if (key === 'ArrowRight') return (index + 1) % length;
  if (key === 'ArrowLeft') return (index + length - 1) % length;
  if (key === 'Home') return 0;
  return key === 'End' ? length - 1 : undefined;
}
