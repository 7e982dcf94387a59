// The whole conformance script, section after section.
import { rebuild, scanning } from './rebuilding.js';
import { Script } from './script.js';
import * as sections from './sections.js';
import { walk } from './walk.js';

export function conformance(): string {
  const script = new Script();
  sections.instance(script);
  sections.limits(script);
  sections.stickiness(script);
  sections.exhaustion(script);
  sections.holding(script);
  sections.ranges(script);
  sections.pins(script);
  sections.wide(script);
  sections.bulk(script);
  rebuild(script);
  scanning(script);
  sections.snapshots(script);
  walk(script, 'serial', 1, 300);
  walk(script, 'lowest', 2, 300);
  return script.toString();
}
