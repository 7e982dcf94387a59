// Pointers to structures in the core's own memory, where 0 is "none". AssemblyScript's null is for objects of its
// runtime, which the core does without.

export function exists<T>(structure: T): bool {
  return changetype<usize>(structure) != 0;
}

export function none<T>(): T {
  return changetype<T>(0);
}
