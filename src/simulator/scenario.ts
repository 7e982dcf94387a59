// Scenarios as they come in: from a file, a URL, a paste. Everything is checked before anything runs, and a mistake is
// told with its place and value. What a scenario means is the rules' affair.

import { parseAddress, parseCidr, parseRange } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import { describe, isObject, type Json } from '../host/json.js';
import { parseReclaimPolicy } from '../service/policy.js';
import type { Scenario, SwarmEvent } from './types.js';

/** The largest of everything: what a browser can still carry. */
const MOST = {
  managers: 15,
  workers: 1000,
  replicas: 10_000,
  events: 100_000,
  addresses: 2 ** 20,
};
const LAST_SECOND = 2 ** 40;

const TOP = ['name', 'about', 'seed', 'subnet', 'gateway', 'exclude', 'reclaim', 'managers', 'workers', 'events'];
const ALLOWED: Readonly<Record<SwarmEvent['do'], readonly string[]>> = {
  create: ['service', 'mode', 'replicas', 'order', 'parallelism'],
  scale: ['service', 'replicas'],
  update: ['service', 'order', 'parallelism'],
  remove: ['service'],
  drain: ['node'],
  activate: ['node'],
  crash: ['node'],
  reboot: ['node'],
  restart: ['identity'],
  look: ['identity'],
};
const REQUIRED = ['service', 'node', 'identity'];

/**
 * A scenario from JSON text, or from what it parses to.
 * @throws LimpetError BAD_INPUT naming the place and the value
 */
export function parseScenario(input: unknown): Scenario {
  const value = typeof input === 'string' ? parseJson(input) : input;
  if (!isObject(value)) throw bad('the scenario', value, 'an object');
  onlyKnown(value, TOP, 'the scenario', 'scenario');
  textAt(value, 'name', 'scenario');
  if (value.about !== undefined) textAt(value, 'about', 'scenario');
  wholeAt(value, 'seed', 'scenario', 0, 2 ** 32 - 1);
  wholeAt(value, 'managers', 'scenario', 1, MOST.managers);
  wholeAt(value, 'workers', 'scenario', 0, MOST.workers);
  checkNetwork(value);
  checkReclaim(value.reclaim);
  const nodes = Number(value.managers ?? 3) + Number(value.workers ?? 0);
  if (!Array.isArray(value.events)) throw bad('scenario.events', value.events, 'a list');
  if (value.events.length > MOST.events)
    throw bad('scenario.events', `${value.events.length} events`, `at most ${MOST.events}`);
  for (const [index, event] of value.events.entries()) checkEvent(event, `scenario.events[${index}]`, nodes);
  return structuredClone(value) as unknown as Scenario;
}

/**
 * One event, as {@link Simulation.apply} takes it.
 * @throws LimpetError BAD_INPUT naming the place and the value
 */
export function parseEvent(event: unknown, nodes: number): SwarmEvent {
  checkEvent(event, 'event', nodes);
  return structuredClone(event) as SwarmEvent;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LimpetError('BAD_INPUT', `the scenario is not JSON: ${(error as Error).message}`);
  }
}

function checkNetwork({ subnet, gateway, exclude }: Json): void {
  if (subnet !== undefined && typeof subnet !== 'string') throw bad('scenario.subnet', subnet, 'a CIDR');
  const cidr = parseCidr(subnet ?? '10.0.0.0/24');
  if (cidr.size > BigInt(MOST.addresses) || cidr.size < 4n)
    throw bad('scenario.subnet', subnet, `a subnet of 4 to ${MOST.addresses} addresses`);
  const inside = (address: bigint | undefined) =>
    address !== undefined && address >= cidr.base && address < cidr.base + cidr.size;
  const isEdge = (address: bigint | undefined) =>
    address === cidr.base || (cidr.version === 4 && address === cidr.base + cidr.size - 1n);
  if (gateway !== undefined) {
    const address = typeof gateway === 'string' ? parseAddress(gateway, cidr.version) : undefined;
    if (!inside(address) || isEdge(address))
      throw bad('scenario.gateway', gateway, `an address of ${cidr.text} for hosts`);
  }
  if (exclude === undefined) return;
  if (!Array.isArray(exclude)) throw bad('scenario.exclude', exclude, 'a list of addresses, CIDRs and ranges');
  for (const [index, text] of exclude.entries()) {
    const at = `scenario.exclude[${index}]`;
    if (typeof text !== 'string') throw bad(at, text, 'an address, a CIDR or a range');
    const range = parseRange(text, cidr.version);
    if (!range.every(inside)) throw bad(at, text, `within ${cidr.text}`);
    const asked = typeof gateway === 'string' ? parseAddress(gateway, cidr.version) : undefined;
    if (asked !== undefined && range[0] <= asked && asked <= range[1])
      throw bad('scenario.gateway', gateway, 'none of the excluded addresses');
  }
}

function checkReclaim(reclaim: unknown): void {
  if (reclaim === undefined) return;
  if (typeof reclaim !== 'string') throw bad('scenario.reclaim', reclaim, 'a reclaim policy');
  parseReclaimPolicy(reclaim);
}

function checkEvent(event: unknown, at: string, nodes: number): void {
  if (!isObject(event)) throw bad(at, event, 'an object');
  const kind = event.do;
  if (typeof kind !== 'string' || !Object.hasOwn(ALLOWED, kind))
    throw bad(`${at}.do`, kind, `one of ${Object.keys(ALLOWED).join(', ')}`);
  const allowed = ALLOWED[kind as SwarmEvent['do']];
  onlyKnown(event, ['do', 'at', ...allowed], `a ${kind} event`, at);
  for (const key of REQUIRED) if (allowed.includes(key)) textAt(event, key, at);
  timeAt(event, at);
  wholeAt(event, 'parallelism', at, 0, MOST.replicas);
  wholeAt(event, 'replicas', at, 0, MOST.replicas);
  if (kind === 'scale' && event.replicas === undefined) throw bad(`${at}.replicas`, undefined, 'a whole number');
  oneOf(event, 'mode', at, ['replicated', 'global']);
  oneOf(event, 'order', at, ['stop-first', 'start-first']);
  if (event.mode === 'global' && event.replicas !== undefined)
    throw bad(`${at}.replicas`, event.replicas, 'left out: a global service has one task on every node');
  if (event.service !== undefined) serviceName(event.service as string, `${at}.service`);
  if (event.node !== undefined) nodeName(event.node as string, `${at}.node`, nodes);
}

/** As Docker's: it is part of a DNS name, and of identities. */
function serviceName(name: string, at: string): void {
  if (!/^[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?$/.test(name))
    throw bad(at, name, 'a name of 1 to 63 letters, digits, - and _');
}

function nodeName(name: string, at: string, nodes: number): void {
  if (name === '@leader' || name === '@last' || /^@node-of .+/.test(name)) return;
  const number = /^node-([1-9]\d{0,3})$/.exec(name)?.[1];
  if (number === undefined || Number(number) > nodes)
    throw bad(at, name, `node-1 to node-${nodes}, @leader, @last or "@node-of IDENTITY"`);
}

function onlyKnown(value: Json, known: readonly string[], what: string, at: string): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key))
      throw new LimpetError(
        'BAD_INPUT',
        `${at}.${key}: ${what} has no ${describe(key)}; it can have ${known.join(', ')}`,
      );
  }
}

function textAt(value: Json, key: string, at: string): void {
  const text = value[key];
  if (typeof text !== 'string' || text === '' || text.length > 1000)
    throw bad(`${at}.${key}`, text, 'a text of 1 to 1000 characters');
}

function wholeAt(value: Json, key: string, at: string, least: number, most: number): void {
  const number = value[key];
  if (number === undefined) return;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > most)
    throw bad(`${at}.${key}`, number, `a whole number from ${least} to ${most}`);
}

function timeAt({ at: time }: Json, at: string): void {
  if (time === undefined) return;
  if (typeof time !== 'number' || !(time >= 0 && time <= LAST_SECOND))
    throw bad(`${at}.at`, time, `a number of seconds from 0 to ${LAST_SECOND}`);
}

function oneOf(value: Json, key: string, at: string, choices: readonly string[]): void {
  const choice = value[key];
  if (choice !== undefined && !choices.includes(choice as string))
    throw bad(`${at}.${key}`, choice, choices.map(describe).join(' or '));
}

function bad(at: string, value: unknown, wanted: string): LimpetError {
  return new LimpetError('BAD_INPUT', `${at} must be ${wanted}, not ${describe(value)}`);
}
