// Whom an operator means who pins an address: a service's slots, its task on a node, or a container that is run by
// hand. A name that nothing will ever have is refused, and so is one of which that cannot be told.

import { isPlainName, isSwarmId, serviceOf } from '../docker/identities.js';
import type { Node, Service } from '../docker/shapes.js';
import { LimpetError } from '../host/errors.js';
import type { SubnetService } from '../service/index.js';
import { nameOfNode, type OperateEnvironment } from './environment.js';

/** What Swarm says there is. */
interface Records {
  readonly services: readonly Service[];
  readonly nodes: readonly Node[];
}

/** Whose the addresses are to be, in turn. @throws LimpetError BAD_INPUT when there are not as many as addresses */
export async function identitiesFor(
  environment: OperateEnvironment,
  net: SubnetService,
  who: string,
  count: number,
): Promise<string[]> {
  const there = await recordsOf(environment);
  const slots = () => Array.from({ length: count }, (_, n) => `${who}.${n + 1}`);
  const service = there?.services.find(({ name }) => name === who);
  const known = [...net.list()].filter(({ identity }) => serviceOf(identity) === who);
  const isOnNodes = there === undefined && known.some(({ identity }) => isSwarmId(identity.slice(who.length + 1)));
  if (service?.mode === 'global' || isOnNodes) {
    throw bad(`${who} has a task on every node: pin them by node, as in limpet pin ${who}.NODE ADDRESS`, who);
  }
  if (service !== undefined) return slots();
  const one = taskNamed(environment, there, net, who);
  if (one !== undefined) {
    if (count > 1) throw bad(`${who} is one task, and ${count} addresses are named`, who);
    return [one];
  }
  return count > 1 || known.length > 0 ? slots() : [who];
}

/**
 * The task that is meant: `web.3`, or `agent.NODE` with a node's ID or name. Undefined for a name that is no task's.
 * @throws LimpetError BAD_INPUT when there is no such task, or it cannot be told
 */
function taskNamed(
  environment: OperateEnvironment,
  there: Records | undefined,
  net: SubnetService,
  who: string,
): string | undefined {
  const dot = who.indexOf('.'); // a service's name has none, a host's can have some
  if (dot < 0 || isPlainName(who)) return undefined;
  const [name, meant] = [who.slice(0, dot), who.slice(dot + 1)];
  const mode = there?.services.find((each) => each.name === name)?.mode;
  if (mode !== 'global' && serviceOf(who) !== undefined) return who;
  if (there === undefined) return taskByStore(environment, net, name, meant);
  const { nodes } = there;
  const found = nodes.filter(({ id, hostname }) => id === meant || hostname === meant);
  const node = oneNode(
    found.map(({ id }) => id),
    meant,
  );
  if (node !== undefined && mode === 'replicated') {
    throw bad(`${name} has numbered tasks, and none by node: pin one as in limpet pin ${name}.1 ADDRESS`, who);
  }
  if (node !== undefined) return `${name}.${node}`;
  if (mode !== 'global') return undefined;
  const names = nodes.map(({ id }) => nameOfNode(environment, id)).join(', ');
  throw bad(`there is no node ${JSON.stringify(meant)}; there are ${names}`, meant);
}

/** The same where Docker does not say which services and nodes there are: the store knows what nodes are called. */
function taskByStore({ service }: OperateEnvironment, net: SubnetService, name: string, meant: string) {
  const node = oneNode(service.nodesNamed(meant).filter(isSwarmId), meant);
  if (node !== undefined) return `${name}.${node}`;
  const who = `${name}.${meant}`;
  if (net.lookup(who) !== undefined) return undefined; // a container of that name has been here
  const hint = 'name the node by its ID, or pin on a manager';
  throw bad(`it cannot be told here whether ${JSON.stringify(meant)} of ${who} is a node: ${hint}`, who);
}

/** @throws LimpetError BAD_INPUT when there are several */
function oneNode(ids: readonly string[], meant: string): string | undefined {
  if (ids.length < 2) return ids[0];
  throw bad(`${ids.length} nodes are named ${JSON.stringify(meant)}; give one's ID: ${ids.join(', ')}`, meant);
}

/** None where there is no swarm. Undefined where there may be some: only a manager can say. */
async function recordsOf({ docker }: OperateEnvironment): Promise<Records | undefined> {
  try {
    const { manager, nodeId } = (await docker.info()).swarm;
    if (!manager) return nodeId === '' ? { services: [], nodes: [] } : undefined;
    const [services, nodes] = await Promise.all([docker.services(), docker.nodes()]);
    return { services, nodes };
  } catch (error) {
    if (error instanceof LimpetError && error.code === 'UNAVAILABLE') return undefined;
    throw error;
  }
}

function bad(message: string, value: string): LimpetError {
  return new LimpetError('BAD_INPUT', message, { value });
}
