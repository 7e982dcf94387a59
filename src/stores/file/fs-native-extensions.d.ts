// The one call that lock.ts makes; the package has no types of its own.

declare module 'fs-native-extensions' {
  const native: {
    /** An exclusive lock on the open file; false when another open file has it. */
    tryLock(fd: number): boolean;
  };
  export default native;
}
