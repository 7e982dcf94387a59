// Making elements: one short function instead of a framework. Text is always set as text, never as HTML.

type Handlers = { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };

export interface Props {
  readonly class?: string;
  readonly text?: string;
  readonly on?: Handlers;
  readonly data?: Readonly<Record<string, string>>;
  /** Any other attribute; `undefined` leaves it out. */
  readonly attrs?: Readonly<Record<string, string | number | undefined>>;
}

type Child = Node | string | undefined;

/** A new element with attributes, listeners and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (props.class !== undefined) element.className = props.class;
  if (props.text !== undefined) element.textContent = props.text;
  for (const [name, value] of Object.entries(props.attrs ?? {})) {
    if (value !== undefined) element.setAttribute(name, String(value));
  }
  for (const [name, value] of Object.entries(props.data ?? {})) element.dataset[name] = value;
  for (const [name, handler] of Object.entries(props.on ?? {})) {
    element.addEventListener(name, handler as EventListener);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** The element of the page's HTML with this id. @throws Error when the page has none: the HTML and the script differ */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`index.html has no element with the id ${id}`);
  return element as T;
}

/** Sets the text only when it differs, so that an unchanged page costs no layout and announces nothing. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets or, with undefined, removes an attribute, only when it differs. */
export function setAttr(element: Element, name: string, value: string | undefined): void {
  if (element.getAttribute(name) === (value ?? null)) return;
  if (value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

/** @param name for those who do not see what is on it. @param key does the same */
export function button(text: string, kind: string, act: () => void, name?: string, key?: string): HTMLButtonElement {
  const title = key === undefined ? name : `${name ?? text} (${key})`;
  const made = h('button', { class: kind, text, attrs: { type: 'button', 'aria-label': name, title } });
  made.addEventListener('click', () => {
    if (made.getAttribute('aria-disabled') !== 'true') act();
  });
  return made;
}

/** Copies a text, and says so. */
export function copyButton(name: string, text: () => string): HTMLButtonElement {
  const copy = button(name, '', async () => {
    try {
      await navigator.clipboard.writeText(text());
      copy.textContent = 'Copied';
    } catch {
      copy.textContent = 'Not allowed here'; // without the right to write to the clipboard
    }
    setTimeout(() => {
      copy.textContent = name;
    }, 1800);
  });
  return copy;
}

/** `1 task`, `2 tasks`. */
export function count(n: number, word: string): string {
  return `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
}

/** Whether the visitor wants things to stay where they are. */
export function wantsStillness(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** Hands the visitor a file; it is made here and never uploaded. */
export function download(name: string, content: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h('a', { attrs: { href: url, download: name } }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
