// Light, dark, or what the system says; remembered on this machine if the browser allows it.

const KEY = 'limpet-theme';

/** @param onChange hears of every change, also of the system's */
export function makeTheme(select: HTMLSelectElement, onChange: () => void): void {
  const apply = (theme: string): void => {
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    onChange();
  };
  select.value = remembered();
  select.addEventListener('change', () => {
    remember(select.value);
    apply(select.value);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
  apply(select.value);
}

function remembered(): string {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === 'light' || theme === 'dark' ? theme : 'auto';
  } catch {
    return 'auto'; // storage is forbidden: the page goes by the system
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // storage is forbidden: the choice lasts as long as the page
  }
}
