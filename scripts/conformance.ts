// Writes examples/embed/conformance.jsonl: npm run embed:script. tests/host/conformance.test.ts says when that is due.
import { writeFileSync } from 'node:fs';
import { conformance } from './conformance/all.js';

writeFileSync(new URL('../examples/embed/conformance.jsonl', import.meta.url), conformance());
