// Mutants: the product with one thing wrong in it, each of which the simulation must find. The first ones are what the
// campaign found in the product, put back; the others are what could be written wrongly some day.

export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Only worlds with this store know it. */
  readonly store?: 'etcd' | 'swarm';
  /** Of a guard that hardly shows in a world, since another one makes good what it lets through: a test of its own. */
  readonly test?: string;
  /** What stands there once, and what is put in its place. */
  readonly changes: readonly (readonly [from: string, to: string])[];
}

function mutant(name: string, file: string, from: string, to: string): Mutant {
  return { name, file, changes: [[from, to]] };
}

function byTest(test: string, of: Mutant): Mutant {
  return { ...of, test };
}

const STORE = 'src/stores/etcd/etcd-store.ts';
const SENDING = 'src/stores/etcd/sending.ts';
const DRAFT = 'src/stores/etcd/draft.ts';
const RECONCILER = 'src/tickets/reconciler.ts';
const CONTAINERS = 'src/docker/containers.ts';

export const mutants: readonly Mutant[] = [
  // What the campaign has found.
  mutant(
    'a binding whose mark nobody has seen is as old as the last release before it',
    'src/stores/etcd/bindings.ts',
    'if (!this.isReading) this.#idles(subnet, identity, released);',
    'if (!this.isReading && released !== undefined) this.#idles(subnet, identity, released);',
  ),
  byTest(
    'tests/simulation/store.test.ts',
    mutant(
      'a home ends though its owner has run at the other one, which nobody has heard of',
      DRAFT,
      'if (beside !== undefined) this.#isStillAway(subnet, beside);',
      'if (beside !== undefined && this.#bindingOf(subnet, beside)?.live.size === 0) this.#nobodyLive(beside);',
    ),
  ),
  mutant(
    'an end whose ticket the store has lost stays without it',
    'src/tickets/sweeper.ts',
    'await this.#holdEnds(net);',
    '',
  ),
  {
    name: 'who could not be released, or had lost his home, has not left for a look that began before',
    file: 'src/tickets/tenants.ts',
    changes: [
      ['there !== undefined && there !== leaver;', 'there !== undefined;'],
      ['if (tenant.doubtful || tenant.since > moment) return;', 'if (moment >= 0) return;'],
      ['    this.#fade(place);\n', ''],
    ],
  },
  mutant(
    'a home that nobody marks is as old as when that was first seen',
    'src/stores/etcd/marks.ts',
    'this.#seen.set(this.#keys.identity(subnet, identity), { subnet, identity, since });',
    'this.noteAgain({ subnet, identity, since });',
  ),
  byTest(
    'tests/plugin/tickets.test.ts',
    mutant(
      'the end of a load balancer is taken for a task that was given up a second ago',
      'src/tickets/nameless.ts',
      '!isWorker && this.#ends.isExpected(net) ? 0 : known',
      'known',
    ),
  ),
  mutant(
    'who has come home since the list was read is not there',
    'src/tickets/node.ts',
    '(!hasCome && clock',
    '(clock',
  ),
  mutant(
    'who asks is guessed where several could be the one',
    'src/tickets/nameless.ts',
    'maybe.length > 0 ? maybe : connected',
    'maybe.length > 0 ? maybe.slice(0, 1) : connected',
  ),
  byTest(
    'tests/plugin/locked.test.ts',
    mutant(
      'a worker takes a task that Docker starts for who asks, though it starts a plain container as well',
      'src/tickets/nameless.ts',
      'yes.includes(container) && maybe.length === 1',
      'yes.includes(container)',
    ),
  ),
  mutant(
    'what Swarm has given since to others becomes a home of who runs there',
    RECONCILER,
    '(isGiven ? undefined : freeHome(net, identity))',
    '(isGiven ? freeHome(net, identity) : freeHome(net, identity))',
  ),
  mutant(
    'a ticket under a home is never swept',
    'src/tickets/tickets.ts',
    "made(identity) !== 'endpoint' && net.isHeld(address)",
    'made(identity) === undefined && address === identity',
  ),
  mutant(
    'a load balancer’s end is forgotten with its process',
    RECONCILER,
    'if (isSound) return own.map(({ address }) => address);',
    'return isSound ? own.map(({ address }) => address) : undefined;',
  ),
  mutant(
    'a reading takes a mark up again that a release is ending',
    'src/stores/etcd/marks.ts',
    'if (!isLeaving) this.add(view, subnet.key, identity, node);',
    'this.add(view, subnet.key, identity, node);',
  ),
  mutant(
    'a release passes a mark that is being put again',
    STORE,
    'await this.#upkeep.untilPut(key, deadline);',
    'void deadline;',
  ),
  mutant(
    'a mark that etcd lost during its release is put again',
    'src/stores/etcd/marks.ts',
    'binding?.address === mark.address && binding.live.has(mark.node)',
    "mark.address !== ''",
  ),
  {
    name: 'a node asks for subnets and not for who uses them',
    file: STORE,
    changes: [
      ['this.#keys.usersIn(space)]', ']'],
      ['...[...users.keys()].map((user) => this.#keys.user(key, user))', ''],
    ],
  },
  mutant(
    'a release that is tried again ends what was given since',
    'src/tickets/leader.ts',
    '?.turn ?? 0) > turn)',
    '?.turn ?? 0) > Number.POSITIVE_INFINITY)',
  ),
  mutant(
    'a Docker that leads no longer gives back what another has by now',
    'src/tickets/leader.ts',
    '(isAgain || given === undefined)',
    'isAgain',
  ),
  mutant(
    'who loses his address while the store is waited for is not put down first',
    'src/tickets/neighbours.ts',
    'every((address) => left.includes(address))',
    'every(() => left)',
  ),
  mutant(
    'a leader that has lost ends what the next one has given',
    'src/service/holds.ts',
    'return asKnown === true ? false : undefined;',
    'return void asKnown;',
  ),
  byTest(
    'tests/plugin/guests.test.ts',
    mutant(
      'a container that nobody starts any more is waited for',
      'src/tickets/tenants.ts',
      'mayStillRun(container) && !isFresh(container) &&',
      'mayStillRun(container) &&',
    ),
  ),
  byTest(
    'tests/plugin/guests.test.ts',
    mutant(
      'what Swarm has and Limpet has lost is not held again',
      'src/tickets/sweeper.ts',
      "if (net.inspect(address).state === 'free') await this.#hold(net, address);",
      ';',
    ),
  ),
  mutant(
    'a passing identity is judged by other machines’ clocks',
    RECONCILER,
    'if (clock.elapsed() - since < waits.sweep) passing.set(key, since);',
    'if (clock.now() - since < waits.sweep || since < clock.now() / 2) passing.set(key, since);',
  ),
  byTest(
    'tests/plugin/tickets.test.ts',
    mutant(
      'a container that was never started is taken for who asks',
      'src/tickets/nameless.ts',
      "return isOver(task.id, tasks) ? 'yes' : 'no';",
      "return 'no';",
    ),
  ),
  byTest(
    'tests/plugin/tickets.test.ts',
    mutant(
      'who asks is guessed while the swarm has no leader',
      'src/tickets/nameless.ts',
      "if (tasks === undefined) return 'unknown';",
      "if (tasks === undefined) return 'no';",
    ),
  ),
  byTest(
    'tests/plugin/tickets.test.ts',
    mutant(
      'of several with one ticket the one that was made last is meant, by a clock that can be set',
      'src/docker/container-list.ts',
      'const seen = containers.map(({ id }) => this.#firstSeen.get(id) ?? 0);',
      'const seen = containers.map(({ created }) => created);',
    ),
  ),
  mutant(
    'a worker takes a load balancer’s end for a task that was left over',
    'src/tickets/node.ts',
    '!this.#ends.isMeant(net, nodeOf(net), container)',
    "nodeOf(net) !== ''",
  ),
  mutant(
    'a release that waited for the store is that of who came in since',
    'src/tickets/leaving.ts',
    'this.#tenants.cameAfter(net, identity, since) ||',
    'since < 0 ||',
  ),
  mutant(
    'a release that is tried again ends the address of a container without a home that is just being let in',
    'src/tickets/leaving.ts',
    'isMadeUp && this.#tenants.isComing(net, identity)',
    'false',
  ),
  byTest(
    'tests/plugin/forerunner.test.ts',
    mutant(
      'a release that a dead plugin was called for is that of who came in since',
      'src/tickets/node.ts',
      'isTakenOver || this.#tenants.hasForerunner(home, asker, asker.around)',
      'false',
    ),
  ),
  {
    ...mutant(
      'a home that has moved to where somebody is is given by what was known of it',
      'src/tickets/unless-taken.ts',
      'wasFree = isFree();',
      'void isFree;',
    ),
    store: 'swarm',
  },
  mutant(
    'who has left a home that has moved since is taken for one who runs',
    'src/tickets/reconciler.ts',
    ', placeOf(address)] : [name]',
    '] : [name]',
  ),
  mutant(
    'a look at whose an address is undoes what was answered since',
    'src/stores/etcd/view.ts',
    ' || this.#knowsLater(subnet, found, all)',
    '',
  ),
  byTest(
    'tests/plugin/store-away.test.ts',
    mutant(
      'a look that waited for the store brings back who has left since its lists were read',
      'src/tickets/tenants.ts',
      '(this.#looking ?? this.#now()) - FADING',
      'this.#now() - FADING',
    ),
  ),
  byTest(
    'tests/plugin/pools.test.ts',
    mutant(
      'a Docker that leads no longer gives back a pool that the next one has by now',
      'src/tickets/driver.ts',
      '!(await this.#leader.leads())',
      "pool.cidr === ''",
    ),
  ),
  byTest(
    'tests/plugin/said.test.ts',
    mutant(
      'a node whose end of a load balancer has no ticket any more has asked for the one that it has now',
      'src/tickets/sweeper.ts',
      ' && net.isHeld(address) &&',
      ' &&',
    ),
  ),
  byTest(
    'tests/plugin/store-away.test.ts',
    mutant(
      'what a Docker that has died asked for is done later',
      'src/tickets/protocol.ts',
      'within * 0.95, gone)',
      'within * 0.95)',
    ),
  ),
  mutant(
    'a release that is tried again ends the mark of who is just being let in',
    'src/tickets/leaving.ts',
    ' && !this.#tenants.isComing(net, identity);',
    ';',
  ),
  byTest(
    'tests/plugin/said.test.ts',
    mutant(
      'whatever was called the end of a load balancer is one still',
      'src/tickets/sweeper.ts',
      "made(identity) === 'endpoint' && isEnd(address)",
      "made(identity) === 'endpoint'",
    ),
  ),
  mutant(
    'a container that was started again at another address is still expected at home',
    'src/tickets/tenants.ts',
    ' && !isElsewhere(container, net.cidr, tenant.address)',
    '',
  ),
  mutant(
    'what others did since is undone by an answer that comes late',
    'src/stores/etcd/transaction.ts',
    "if (at <= this.#view.revision) return 'told';",
    "if (at <= this.#view.revision) return 'done';",
  ),
  mutant(
    'a home ends by a release before the last one',
    SENDING,
    "if (endingsOf(known, changes).some((ending, n) => ending !== basis.endings[n])) return 'conflict';",
    '',
  ),
  byTest(
    'tests/simulation/store.test.ts',
    mutant(
      'what a reading has told is undone by an answer that comes late',
      SENDING,
      "isRead ? 'told' : 'done';",
      "'done';",
    ),
  ),
  byTest(
    'tests/plugin/tickets.test.ts',
    mutant(
      'a worker takes a task that was left over long ago for the one who asks',
      'src/tickets/nameless.ts',
      'isYounger(OLD) && plain',
      'plain',
    ),
  ),
  byTest(
    'tests/simulation/store.test.ts',
    mutant(
      'whoever was live unseen is as old as before',
      'src/stores/etcd/bindings.ts',
      'if (isAnew && known.live.size === 0) this.#idles(subnet, identity, released);',
      'void isAnew;',
    ),
  ),
  {
    name: 'an unhold undoes a hold that is being decided',
    file: 'src/service/subnet-state.ts',
    changes: [['if (this.#proposedHolds.has(address)) return;', '']],
  },
  byTest(
    'tests/plugin/guests.test.ts',
    mutant(
      'who was let in at another address is expected at the home still',
      'src/tickets/tenants.ts',
      'if (net.lookup(home)?.address !== tenant.address) return false;',
      '',
    ),
  ),
  {
    ...mutant(
      'a node of the swarm store asks for subnets and not for who uses them',
      'src/stores/swarm/configs.ts',
      'async refresh(): Promise<void> {\n    await this.#readEach();',
      'async refresh(): Promise<void> {\n    await this.#index.read();\n    await this.#meetUnmet();',
    ),
    store: 'swarm',
  },
  {
    ...mutant(
      'the end of a load balancer is believed that Docker has never shown',
      RECONCILER,
      "state === 'live' && this.#seenEnds.has(keyOf(net, address))",
      "state === 'live' && keyOf(address) !== ''",
    ),
    store: 'swarm',
  },
  {
    ...mutant(
      'a hold of the swarm store does not look at who holds the address',
      'src/stores/swarm/draft.ts',
      'there?.identity !== owner || there?.held !== undefined) return false;',
      'there?.identity !== owner) return false;',
    ),
    store: 'swarm',
  },
  {
    ...mutant(
      'a claim in the swarm store does not look at where else it runs',
      'src/stores/swarm/draft.ts',
      'if (sole && nodes.some((other) => other !== node)) return false;',
      'void sole;',
    ),
    store: 'swarm',
  },
  {
    ...mutant(
      'a change of an old version counts as written',
      'src/stores/swarm/register.ts',
      "if (answer !== 'done') {",
      "if (answer === 'gone') {",
    ),
    store: 'swarm',
  },
  {
    ...mutant(
      'a node that is up again loses the marks that it has put since',
      'src/stores/swarm/draft.ts',
      'nodes.has(node) && were?.includes(node)',
      'nodes.has(node) && were !== null',
    ),
    store: 'swarm',
  },
  // What a disk keeps.
  mutant(
    'a write counts before it is on the disk',
    'src/stores/file/journal.ts',
    'await this.#disk.append(this.#file.fd, bytes, this.#length);',
    'void this.#disk.append(this.#file.fd, bytes, this.#length).catch(() => {});',
  ),
  mutant(
    'what a failed write has left is not cut off',
    'src/stores/file/journal.ts',
    'await this.#disk.truncate(this.#file.fd, this.#length);',
    '',
  ),
  mutant(
    'a torn tail is written behind',
    'src/stores/file/journal.ts',
    'await disk.truncate(file.fd, length);',
    'length = folder.files.read(path).size;',
  ),
  mutant(
    'a journal is removed before the snapshot that has it is there',
    'src/stores/file/file-store.ts',
    "each < generation).map((each) => this.#folder.file('journal', each)),",
    "each <= generation).map((each) => this.#folder.file('journal', each)),",
  ),
  mutant(
    'a mark that was lost and then released is expected for ever',
    STORE,
    'view.expectNoLonger(subnet, change.identity, change.node);',
    'void view;',
  ),
  mutant(
    'of two gateways made at once the second takes the place of the first',
    'src/service/service.ts',
    'if (from !== undefined && differences(there.spec, from).length > 0)',
    'if (from === null)',
  ),
  mutant(
    'nothing is swept while a load balancer has not asked for its address',
    'src/tickets/sweeper.ts',
    'const mayBeEnd = waiting.length > 0 && !this.#lacks(net, networks, address);',
    'const mayBeEnd = waiting.length > 0;',
  ),
  byTest(
    'tests/plugin/guests.test.ts',
    mutant(
      'a load balancer’s end that was not asked for yet is swept',
      'src/tickets/sweeper.ts',
      'const mayBeEnd = waiting.length > 0 &&',
      'const mayBeEnd = waiting.length < 0 &&',
    ),
  ),
  byTest(
    'tests/plugin/guests.test.ts',
    mutant(
      'a load balancer’s end is swept as soon as its node has no task any more',
      'src/tickets/sweeper.ts',
      'Number.NEGATIVE_INFINITY) < waits.sweep;',
      'Number.NEGATIVE_INFINITY) < 1;',
    ),
  ),
  // What a container has.
  mutant('created counts as running', CONTAINERS, "ADDRESS = new Set(['created', ", 'ADDRESS = new Set(['),
  mutant('exited counts as running', CONTAINERS, "'restarting', 'exited', 'removing'", "'restarting', 'removing'"),
  // What a transaction demands.
  mutant(
    'an address is bound without a look at who has it',
    DRAFT,
    'if (!ownerEnds) this.transaction.demandAbsent(addressKey);',
    '',
  ),
  mutant(
    'an identity is bound without a look at where it lives',
    DRAFT,
    'if (!this.#ended.has(identity)) this.transaction.demandAbsent(identityKey);',
    '',
  ),
  mutant(
    'an address is held without a look at who holds it',
    DRAFT,
    'if (mod === undefined) this.transaction.demandAbsent(key);',
    'if (mod === undefined) this.transaction.read(key);',
  ),
  mutant('a claim does not ask whether it runs elsewhere', DRAFT, 'if (sole) this.#nobodyLive(identity, node);', ''),
  mutant(
    'a binding ends though somebody came to live',
    DRAFT,
    'this.#sameBinding(identity, own);\n    this.#nobodyLive(identity);\n    if (beside',
    'if (beside',
  ),
  byTest(
    'tests/simulation/store.test.ts',
    mutant(
      'no fence: what was sent before a reading counts after it',
      'src/stores/etcd/transaction.ts',
      'this.demandUnchanged(processKey, fence);',
      'void fence;',
    ),
  ),
  // What an answer means.
  mutant('a conflict is answered as done', SENDING, "first.answer('conflict');", "first.answer('done');"),
  mutant(
    'a lost answer counts as a refusal',
    'src/stores/etcd/connection.ts',
    "throw unavailable(why, 'unknown');",
    "throw unavailable(why, 'none');",
  ),
  mutant(
    'what was sent and not answered counts as not written',
    SENDING,
    "this.#lost.push(batch);\n    this.#of.need('outcome');",
    'this.#back(batch.orders);',
  ),
  // What the watch and the lease tell.
  mutant('a gap of the watch goes unnoticed', 'src/stores/etcd/watch.ts', 'this.#events.gap();', ''),
  mutant(
    'the watch leaves a revision out',
    'src/stores/etcd/watch.ts',
    'this.#events.from() + 1;',
    'this.#events.from() + 2;',
  ),
  mutant(
    'a lease that has ended goes unnoticed',
    'src/stores/etcd/lease.ts',
    'if (ttl === 0 && id === this.#id && !signal.aborted) {',
    'if (ttl === -1) {',
  ),
  {
    name: 'marks that the lease took with it are not put again',
    file: STORE,
    changes: [
      ['lost: () => this.#upkeep.putAgain(),', 'lost: () => {},'],
      ['this.#sending.go();\n        this.#upkeep.putAgain(0);', 'this.#sending.go();'],
    ],
  },
  // What the tickets decide.
  mutant(
    'whoever is at home is not looked for',
    'src/tickets/node.ts',
    'const address = other === undefined ? await this.#atHome(net, asker, request) : undefined;',
    'const address = await this.#atHome(net, asker, request);',
  ),
  mutant('a late release is believed', 'src/tickets/leaving.ts', 'if (isProven)', 'if (tenant !== null)'),
  mutant(
    'what is missed once has ended',
    RECONCILER,
    'if (!this.#missed.has(key)) return void seen.missed.add(key);',
    '',
  ),
  mutant(
    'what runs is not marked after a restart',
    RECONCILER,
    'await this.#mark(net, resident, name, told, isThere);',
    'void told;',
  ),
  mutant(
    'nobody sweeps what the leader has lost',
    'src/tickets/sweeper.ts',
    'if (isOver && !this.#isDoubted(key)) await this.#free(net, address);',
    'if (since < 0) await this.#free(net, address);',
  ),
  byTest(
    'tests/plugin/said.test.ts',
    mutant(
      'what was freed and given again between two looks is taken for what it was before',
      'src/tickets/sweeper.ts',
      'Math.max(this.#unknown.get(key) ?? clock.elapsed(), given)',
      'this.#unknown.get(key) ?? clock.elapsed()',
    ),
  ),
  mutant(
    'tickets are swept at once',
    'src/tickets/sweeper.ts',
    'const isOver = clock.elapsed() - since >= waits.sweep;',
    'const isOver = clock.elapsed() >= since;',
  ),
  mutant(
    'a ticket is never given back',
    'src/tickets/leader.ts',
    'await net.unhold(address, { deadline, asKnown: true });',
    'false;',
  ),
  // For whom the leader asks.
  mutant(
    'of several that wait the first is meant',
    'src/docker/waiting.ts',
    'if (more.length > 0) return',
    'if (more.length > tasks.length) return',
  ),
  mutant(
    'a node’s end of the load balancer is never waited for',
    'src/docker/waiting.ts',
    '!ends.has(task.nodeId) && (mayRun(task) || isRecent)',
    '!ends.has(task.nodeId) && task.id === task.nodeId',
  ),
  // What the policy protects.
  mutant(
    'the hold-down protects nobody',
    'src/service/reclaimer.ts',
    'const { whenFull } = this.#policy;',
    'const whenFull = this.#policy.whenFull && { holdDown: 0 };',
  ),
  // Second homes.
  mutant(
    'a second home ends with its use, as a guest’s address does',
    'src/docker/made-up.ts',
    '/^@(endpoint|guest|unnamed)\\//',
    '/^@(endpoint|guest|unnamed|second)\\//',
  ),
  mutant(
    'a home that waits for its next turn is old',
    'src/service/second-homes.ts',
    'beside.releasedAt === undefined ? undefined :',
    'beside.releasedAt === undefined ? releasedAt :',
  ),
  mutant(
    'whoever cannot be named is expected in the list at once',
    'src/tickets/tenants.ts',
    'if (since !== undefined && this.#now() - since < STARTING) return true;',
    'if (since === null) return true;',
  ),
  byTest(
    'tests/plugin/guests.test.ts',
    mutant(
      'who is at a second home is not looked at',
      'src/tickets/node.ts',
      'const other = this.#other(net, home, asker, first.around);',
      'const other = undefined as Other | undefined;',
    ),
  ),
  // What a person has chosen.
  mutant(
    'a pinned home is entered while its owner runs on another node',
    'src/tickets/choices.ts',
    'if (nodes.length === 1 && nodes[0] === node) await net.release(identity, node, { deadline });',
    'for (const each of nodes) await net.release(identity, each ?? node, { deadline });',
  ),
  byTest(
    'tests/plugin/pins.test.ts',
    mutant(
      'a look brings home what runs',
      RECONCILER,
      'await net.claim(identity, { node: this.#environment.nodeOf(net), ticket: address, isDue });',
      'await net.comeHome(identity).then(() => net.allocate(identity, { node: this.#environment.nodeOf(net) }));',
    ),
  ),
  mutant(
    'every slot is given the address of the first',
    'src/tickets/choices.ts',
    'const address = chosen.at(slot ?? 1, version);',
    'const address = chosen.at(1, version);',
  ),
  mutant(
    'what the leader holds can be pinned',
    'src/service/pins.ts',
    "if (is === 'held' && address !== ticket) {",
    "if (is === 'held' && address === gateway) {",
  ),
  mutant(
    'a label is not looked at on a node where its address is somebody’s ticket',
    'src/tickets/choices.ts',
    'if (pin?.address === address) return;',
    "if (pin?.address === address || net.inspect(address).state !== 'free') return;",
  ),
  mutant(
    'a home is made outside of the pool of its service',
    'src/tickets/choices.ts',
    'return { ...wanted, range, address: address !== undefined && isWithin(range, address) ? address : undefined };',
    'return { ...wanted, range: undefined, address };',
  ),
  mutant(
    'a ticket outside of the pool becomes a home',
    'src/tickets/choices.ts',
    'address !== undefined && isWithin(range, address) ? address : undefined };',
    'address };',
  ),
  mutant(
    'whoever finds its home taken is a guest, though it could have a second one',
    'src/tickets/node.ts',
    'const home = asker.wish ? undefined : secondHomeOf(identity);',
    'const home = undefined as string | undefined;',
  ),
  mutant(
    'unpin ends the home as well',
    'src/service/pins.ts',
    "changes.push({ op: 'unpin', identity, time: clock.now() });",
    'changes.push(ended(own));',
  ),
];
