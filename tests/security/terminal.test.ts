// The built command line beside names that would act upon a terminal: every command, as text and as JSON, shows them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Docker } from '../../src/docker/index.js';
import { container, network } from '../docker/json.js';
import { ServedDocker } from '../docker/served.js';
import { Rig } from '../operate/rig.js';
import { ACTING } from './hostile.js';

const NETWORK = '\u001b]0;net\u0007';
const EVIL = ['\u001b[2Jdb', 'x\u202exb', 'line\nfeed', '-rf'];
let rig: Rig;
let docker: ServedDocker;

before(async () => {
  const net = { ...network(NETWORK, '10.6.0.0/24', { gateway: '10.6.0.1' }), Id: 'id-1' };
  docker = await ServedDocker.start({ networks: [net] });
  rig = await Rig.start({ docker: new Docker({ host: docker.socket }) });
  const mine = await rig.service.subnet('10.6.0.0/24', { space: 'swarm', gateway: '10.6.0.1' });
  const other = await rig.service.subnet('10.7.0.0/24', { space: '\u001b[31mspace' });
  for (const [n, name] of EVIL.entries()) {
    await mine.allocate(name, { node: 'node-1', ticket: `10.6.0.${10 + n}` });
    if (n % 2 === 0) await mine.release(name, 'node-1');
    const there = container(name, { address: `10.6.0.${30 + n}` });
    there.NetworkSettings.Networks.web.NetworkID = 'id-1';
    docker.put(there);
  }
  await other.allocate('\u009b2Jgone', { node: 'node-1' });
  await rig.service.introduce({ id: 'node-1', name: 'host\u001b[1m\u2066' });
});
after(async () => {
  await rig?.stop();
  await docker?.stop();
});

const COMMANDS: readonly string[][] = [
  ['status'],
  ['ls'],
  ['ls', '--space', '\u001b[2Jnone'],
  ['lookup', '\u001b[2Jdb'],
  ['lookup', '\u001b[2Jnobody'],
  ['check', '--settle', '1'],
  ['import', '--dry-run'],
  ['import'],
  ['import', '\u001b]0;none\u0007'],
  ['release', 'x\u202exb', '--node', 'host\u001b[1m\u2066'],
  ['release', 'x\u202exb', '--node', 'host\u001b[1m\u2066'],
  ['reclaim', 'line\nfeed', '--dry-run'],
  ['reclaim', '--older-than', '0s', '--dry-run'],
  ['reclaim', '\u009b2Jgone'],
  ['forget', '10.7.0.0/24', '--space', '\u001b[31mspace'],
  ['unhold', '\u001b[2J'],
  ['\u001b[2Jcommand'],
  ['ls', '--\u001b[2Joption'],
];

for (const command of COMMANDS) {
  test(`limpet ${JSON.stringify(command)}`, async () => {
    for (const json of [[], ['--json']]) {
      const { stdout, stderr } = await rig.limpet(...command, ...json);
      assert.notEqual(stdout + stderr, '');
      for (const line of [...stdout.split('\n'), stderr.replace(/\n$/, '')]) assert.doesNotMatch(line, ACTING);
    }
  });
}

test('the command that check suggests is one word to a shell, and no option', async () => {
  const { findings } = await rig.json('check', '--settle', '1');
  const mends: string[] = findings.map(({ mend }: { mend: string }) => mend);
  assert.ok(
    mends.some((mend) => mend.includes('docker restart -- -rf')),
    mends.join('\n'),
  );
  assert.ok(
    mends.some((mend) => mend.includes("docker restart $'\\U0000001b[2Jdb'")),
    mends.join('\n'),
  );
});
