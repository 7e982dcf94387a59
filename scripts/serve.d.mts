// What serve.mjs exports, for the tests that are written in TypeScript.
export function serve(folder: string, port: number, path?: string): Promise<{ address: string; close: () => void }>;
