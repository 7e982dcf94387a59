// Format and mistakes, by Biome: biome.json.
import { node } from '../test/process.js';

export async function biome(): Promise<string[]> {
  const { code, output } = await node(['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']);
  return code === 0 ? [] : [output.trim()];
}
