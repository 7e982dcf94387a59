// Who has written a config lately: a mark for each change, the latest last, as one label. It tells whoever has lost an
// answer whether his change was made; and a mark that is void keeps a change from being made that is still under way.

/** Marks that are remembered. */
const MOST = 64;
const VOID = '!';

export class Recent {
  #marks: readonly string[];

  constructor(marks: readonly string[] = []) {
    this.#marks = marks;
  }

  static read(label: string | undefined): Recent {
    return new Recent((label ?? '').split(' ').filter((mark) => mark !== ''));
  }

  print(): string {
    return this.#marks.join(' ');
  }

  clone(): Recent {
    return new Recent(this.#marks);
  }

  /** Marks that were not there before, in order. */
  since(before: Recent): readonly string[] {
    return this.#marks.filter((mark) => !before.#marks.includes(mark));
  }

  /** What became of the change; undefined when nobody has heard of it. */
  fate(mark: string): 'done' | 'void' | undefined {
    if (this.#marks.includes(mark)) return 'done';
    return this.#marks.includes(VOID + mark) ? 'void' : undefined;
  }

  /**
   * Whether all that came after those is still remembered: what became of any change since then can be told.
   */
  remembersSince({ last }: Recent): boolean {
    return last === undefined ? this.#marks.length < MOST : this.#marks.includes(last);
  }

  /** Of the last change. */
  get last(): string | undefined {
    return this.#marks.at(-1);
  }

  add(mark: string): void {
    this.#marks = [...this.#marks, mark].slice(-MOST);
  }

  /** From now on that change cannot be made any more. */
  addVoid(mark: string): void {
    this.add(VOID + mark);
  }
}
