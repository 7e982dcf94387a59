// The files of the project, without what is installed or built. Not from git: a tree without its history is checked
// too.
import { readdir } from 'node:fs/promises';

const NOT_OURS = /^(node_modules|\.git|dist(\..+)?|generated|e2e-swarm-logs|__pycache__)$/;
/** What the embedding hosts are built into. */
const BUILT = /^examples\/embed\/\w+\/(build|target)$/;

/** Paths from the root, below `folder`. */
export async function projectFiles(folder = ''): Promise<string[]> {
  const entries = await readdir(folder === '' ? '.' : folder, { withFileTypes: true });
  const lists = entries.map(async (entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (NOT_OURS.test(entry.name) || BUILT.test(path)) return [];
    return entry.isDirectory() ? projectFiles(path) : [path];
  });
  return (await Promise.all(lists)).flat();
}
