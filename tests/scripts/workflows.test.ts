// The workflows of a public host: what they call is there, and what they take from others is pinned to a commit.
import assert from 'node:assert/strict';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const FOLDER = '.github/workflows';
const workflows = new Map(readdirSync(FOLDER).map((name) => [name, readFileSync(`${FOLDER}/${name}`, 'utf8')]));
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
const gate = readFileSync('.ci/run', 'utf8');

test('each script and each tier that they run is there', () => {
  for (const [name, text] of [...workflows, ['.ci/run', gate] as const]) {
    for (const [, script] of text.matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g))
      assert.ok(Object.hasOwn(scripts, script as string), `${name}: npm run ${script}`);
    for (const [, path, tier] of text.matchAll(/^ *- run: (\.ci\/\w+) (\w+)$/gm)) {
      accessSync(path as string, constants.X_OK);
      assert.match(gate, new RegExp(`case \\$tier in .*\\b${tier}\\b`), `${name}: ${path} ${tier}`);
    }
  }
});

test('each action is pinned to a commit, the same in all of them', () => {
  const pins = new Map<string, Set<string>>();
  for (const [name, text] of workflows) {
    for (const [, action, ref] of text.matchAll(/uses: ([^@\s]+)@(\S+)/g)) {
      assert.match(ref as string, /^[0-9a-f]{40}$/, `${name}: ${action}`);
      pins.set(action as string, (pins.get(action as string) ?? new Set()).add(ref as string));
    }
  }
  assert.ok(pins.has('actions/checkout'));
  for (const [action, refs] of pins) assert.equal(refs.size, 1, action);
});

test('a release passes the gate, is built from the tag with its bill, and says where it comes from', () => {
  const release = workflows.get('release.yml') ?? '';
  const steps = ['.ci/run quick', 'npm run build -- --force', 'dist/sbom.cdx.json', 'npm publish --provenance'];
  const places = steps.map((step) => release.indexOf(step));
  assert.ok(!places.includes(-1), `${steps[places.indexOf(-1)]} is missing`);
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
    'in this order',
  );
  assert.match(release, /^ {6}id-token: write$/m);
  assert.match(release, /^permissions:\n {2}contents: read$/m, 'no more than that for any other job');
  assert.match(readFileSync('scripts/build/steps.ts', 'utf8'), /sbom\.cdx\.json/, 'which the build makes');
});
