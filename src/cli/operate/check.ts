// `limpet check` for people: each finding as a sentence, and below it the command that mends it.

import type { Checked, Finding } from '../../operate/index.js';
import { count, type Paint } from '../print.js';

export function* checkText({ findings, unchecked, looked }: Checked, paint: Paint): Generator<string> {
  for (const finding of findings) {
    yield* findingText(finding, paint);
    yield '';
  }
  const problems = findings.filter(({ severity }) => severity === 'problem').length;
  const notices = findings.length - problems;
  const verdict = problems === 0 ? paint('green', 'no problems') : paint('red', count(problems, 'problem'));
  const beside = notices === 0 ? '' : `, ${count(notices, 'notice')}`;
  const { subnets, networks, containers } = looked;
  const counted = [count(subnets, 'subnet'), count(networks, 'network'), count(containers, 'container')];
  const where = `${counted.join(', ')} looked at`;
  yield `${verdict}${beside}; ${where}`;
  for (const what of unchecked) yield paint('dim', `not checked: ${what}`);
}

function* findingText({ kind, severity, subnet, message, mend, on }: Finding, paint: Paint): Generator<string> {
  const style = severity === 'problem' ? 'red' : 'yellow';
  yield `${paint(style, `${severity}: ${kind}`)}  ${subnet}`;
  yield `  ${message}`;
  if (mend === undefined) return;
  yield `  ${paint('bold', mend)}${on === undefined ? '' : paint('dim', `   (on ${on})`)}`;
}
