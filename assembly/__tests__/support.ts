// What the specs share: numbers that look random and are the same in every run, and text as bytes.

// AssemblyScript's heap, which the specs themselves use, takes all the memory there is with its first piece. So the
// first piece comes before the core's first block.
heap.free(heap.alloc(16));

/** splitmix64 (Steele, Lea, Flood, 2014). Each test starts it anew with a seed that it names. */
export class Random {
  constructor(private state: u64) {}

  next(): u64 {
    this.state += 0x9e3779b97f4a7c15;
    let z = this.state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  below(limit: u32): u32 {
    return <u32>((this.next() >> 32) % limit);
  }
}

/** Copies text as UTF-8 to an address; its length in bytes. */
export function put(text: string, at: usize): u32 {
  return <u32>String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, at);
}

export function read(at: usize, length: u32): string {
  return String.UTF8.decodeUnsafe(at, length);
}
