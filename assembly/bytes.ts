// Short runs of bytes: compared and copied eight at a time. memory.copy and memory.compare are calls out of the module,
// which for an identity cost more than the work.

/** Whether two runs of bytes are the same. */
export function equalBytes(a: usize, b: usize, length: u32): bool {
  const end = a + length;
  if (length < 8) {
    for (; a < end; a++, b++) {
      if (load<u8>(a) != load<u8>(b)) return false;
    }
    return true;
  }
  for (; a + 8 < end; a += 8, b += 8) {
    if (load<u64>(a) != load<u64>(b)) return false;
  }
  // The last eight bytes, some of them for the second time.
  const over = a + 8 - end;
  return load<u64>(a - over) == load<u64>(b - over);
}

/** Copies a run of bytes to where it does not overlap with itself; writes and reads no byte outside of it. */
export function copyBytes(to: usize, from: usize, length: u32): void {
  const end = to + length;
  if (length < 8) {
    for (; to < end; to++, from++) store<u8>(to, load<u8>(from));
    return;
  }
  for (; to + 8 < end; to += 8, from += 8) store<u64>(to, load<u64>(from));
  const over = to + 8 - end;
  store<u64>(to - over, load<u64>(from - over));
}
