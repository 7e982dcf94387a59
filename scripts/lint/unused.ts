// Files, exports and packages that nobody uses, by knip: knip.jsonc says what they would be used from.
import { node } from '../test/process.js';

/** Of each file, lists of names by what is wrong with them; knip has many, mostly empty. */
type Issue = { readonly file: string } & Readonly<Record<string, readonly { readonly name: string }[]>>;

const WORDS: Readonly<Record<string, string>> = {
  files: 'no one imports it',
  exports: 'export',
  types: 'exported type',
};

export async function unused(): Promise<string[]> {
  const { output } = await node(['node_modules/knip/bin/knip.js', '--no-progress', '--reporter', 'json']);
  const json = output.slice(output.indexOf('{"issues"'));
  if (!json.startsWith('{')) return [output.trim()];
  const issues: Issue[] = JSON.parse(json).issues;
  return issues.flatMap(tell).sort();
}

function tell(issue: Issue): string[] {
  const { file, ...lists } = issue;
  return Object.entries(lists).flatMap(([kind, names]) =>
    names.map(({ name }) => (kind === 'files' ? `${file}: ${WORDS.files}` : `${file}: ${WORDS[kind] ?? kind} ${name}`)),
  );
}
