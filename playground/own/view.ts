// Your own swarm: lists in, bindings, map and report out. What is shown changes only when everything that came in was
// good.

import type { Limpet } from 'limpet';
import type { Scenario } from 'limpet/simulator';
import type { Network } from 'limpet/swarm';
import { button, count, download, h, setText } from '../dom.js';
import { Bindings } from '../inspector/bindings.js';
import { reportElement } from '../inspector/report.js';
import { SubnetMap } from '../map/map.js';
import { Camera, partsOf, titleOfPart } from '../map/picture.js';
import { type AddressChange, addressChanges } from './changes.js';
import { type Bytes, intake, listenForDrops } from './intake.js';
import { type Piece, readPiece, Unusable } from './read.js';
import { type Choice, choicesIn, type Given, NO_NETWORK, type Rebuilt, rebuildGiven } from './rebuild.js';
import { sampleLists } from './sample.js';

/** Bytes: reading more takes longer than a blink. */
const MUCH = 5_000_000;
/** Longer lists are cut, and say so. */
const MOST_CHANGES = 40;

export interface OwnActions {
  /** A scenario was dropped: it belongs to the simulator. */
  readonly play: (scenario: Scenario) => void;
  /** Something came in: this view should be seen. */
  readonly reveal: () => void;
}

export class OwnView {
  readonly map: SubnetMap;
  readonly #message = h('p', { class: 'own-message', attrs: { role: 'status', id: 'own-message' } });
  readonly #network = h('select', { attrs: { id: 'own-network' } });
  readonly #cidr = h('select', { attrs: { id: 'own-cidr' } });
  readonly #typed = h('input', { attrs: { id: 'own-typed', type: 'text', placeholder: '10.0.0.0/24', size: 14 } });
  readonly #part = h('select', { attrs: { id: 'own-part' } });
  readonly #pickers: HTMLElement;
  readonly #result: HTMLElement;
  readonly #report = h('div');
  readonly #bindings = new Bindings('own', (identity) => this.#pick(identity));
  #given: Given = {};
  #choices: readonly Choice[] = [];
  #rebuilt: Rebuilt | undefined;

  constructor(
    root: HTMLElement,
    private readonly limpet: Limpet,
    private readonly actions: OwnActions,
  ) {
    this.map = new SubnetMap('Map of your subnet', (identity) => this.#pick(identity));
    this.#pickers = this.#makePickers();
    this.#result = this.#makeResult();
    const lead =
      'The task list of a real swarm, rebuilt in the same core: who has which address, what is reserved, what ' +
      'conflicts.';
    const promise = h(
      'p',
      { class: 'promise' },
      h('b', { text: 'Nothing leaves this browser.' }),
      ' The file is read on your machine, by this page; there is no server behind it.',
    );
    const take = (files: Bytes[]) => void this.#take(files);
    root.append(
      h('div', { class: 'hero' }, h('h1', { text: 'Look at your own swarm' }), h('p', { text: lead }), promise),
      h(
        'section',
        { class: 'panel', attrs: { 'aria-label': 'Your lists' } },
        intake(take, sampleLists),
        this.#message,
        this.#pickers,
      ),
      this.#result,
    );
    listenForDrops(take);
  }

  #makePickers(): HTMLElement {
    this.#network.addEventListener('change', () => this.#attempt(this.#given, this.#network.value));
    this.#cidr.addEventListener('change', () => this.#attempt(this.#given, this.#network.value, this.#cidr.value));
    this.#typed.addEventListener('change', () =>
      this.#attempt(this.#given, this.#network.value, this.#typed.value.trim()),
    );
    const field = (text: string, control: HTMLElement) => h('label', { class: 'field' }, h('span', { text }), control);
    const pickers = h(
      'div',
      { class: 'own-pickers' },
      field('Network', this.#network),
      field('Subnet', this.#cidr),
      field('Subnet', this.#typed),
      button('Clear', '', () => this.#clear()),
    );
    pickers.hidden = true;
    return pickers;
  }

  #makeResult(): HTMLElement {
    const save = h('button', { text: 'Save the snapshot', attrs: { type: 'button', id: 'own-snapshot' } });
    save.addEventListener('click', () => this.#save());
    this.#part.addEventListener('change', () => this.#look(BigInt(this.#part.value)));
    const panel = (kind: string, title: string, ...content: HTMLElement[]) =>
      h('section', { class: `panel ${kind}`, attrs: { 'aria-label': title } }, ...content);
    const parts = h('label', { class: 'field own-parts' }, h('span', { text: 'Part' }), this.#part);
    const result = h(
      'div',
      { class: 'own-result' },
      panel(
        'own-report',
        'Result',
        h('header', { class: 'panel-head' }, h('h2', { text: 'Rebuild' }), save),
        this.#report,
      ),
      panel(
        'own-map',
        'Map',
        h('header', { class: 'panel-head' }, h('h2', { text: 'Addresses' }), parts),
        this.map.element,
      ),
      panel(
        'own-bindings',
        'Bindings',
        h('header', { class: 'panel-head' }, h('h2', { text: 'Bindings' })),
        this.#bindings.element,
      ),
    );
    result.hidden = true;
    return result;
  }

  async #take(files: Bytes[]): Promise<void> {
    if (files.length === 0) return;
    const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (size > MUCH) {
      this.actions.reveal();
      this.#say(`Reading ${Math.round(size / 2 ** 20)} MB …`, 'waiting');
      await new Promise((shown) => setTimeout(shown, 60));
    }
    try {
      const pieces = files.map(({ name, bytes }) => readPiece(name, bytes));
      const scenario = pieces.find((piece) => piece.kind === 'scenario');
      if (scenario !== undefined) {
        this.actions.play(scenario.scenario);
        return;
      }
      this.actions.reveal();
      this.#attempt(together(this.#given, pieces));
    } catch (error) {
      this.actions.reveal();
      this.#refuse(error);
    }
  }

  /** Rebuilds from what is given; only when that succeeds it takes the place of what was. */
  #attempt(given: Given, networkId?: string, cidr?: string): void {
    try {
      if (given.tasks === undefined) {
        this.#given = given;
        this.#say(`${namesIn(given)}: read. Add tasks.json to continue.`, 'waiting');
        return;
      }
      const choices = choicesIn(given);
      const network = this.#chosen(choices, networkId);
      const wanted = cidr ?? network.subnets[0]?.subnet ?? this.#typed.value.trim();
      if (wanted === '') {
        this.#adopt(given, choices, network, '');
        this.#say('These records do not say which subnet they are in. Enter the subnet below.', 'waiting');
        return;
      }
      const rebuilt = rebuildGiven(this.limpet, given, network, wanted);
      this.#adopt(given, choices, network, wanted);
      this.#show(rebuilt);
    } catch (error) {
      this.#refuse(error);
      this.#network.value = this.#rebuilt?.network.id ?? this.#network.value;
    }
  }

  #chosen(choices: readonly Choice[], networkId: string | undefined): Network {
    const wanted = networkId ?? this.#rebuilt?.network.id;
    return (choices.find(({ network }) => network.id === wanted) ?? choices[0])?.network ?? NO_NETWORK;
  }

  #adopt(given: Given, choices: readonly Choice[], network: Network, cidr: string): void {
    this.#given = given;
    this.#choices = choices;
    this.#pickers.hidden = false;
    const options = this.#choices.map(
      ({ network: { id, name }, tasks }) => [id, `${name} (${count(tasks, 'task')})`] as const,
    );
    fill(this.#network, options.length > 0 ? options : [['', NO_NETWORK.name]], network.id);
    fill(
      this.#cidr,
      network.subnets.map(({ subnet }) => [subnet, subnet] as const),
      cidr,
    );
    const known = network.subnets.length > 0;
    (this.#cidr.parentElement as HTMLElement).hidden = !known;
    (this.#typed.parentElement as HTMLElement).hidden = known;
  }

  #show(rebuilt: Rebuilt): void {
    this.#rebuilt?.subnet.destroy();
    this.#rebuilt = rebuilt;
    const { subnet, report, network } = rebuilt;
    const bound = `${count(report.live + report.reserved, 'binding')} in ${subnet.cidr}`;
    const skipped = report.skipped.length;
    if (skipped === 0) this.#say(`${namesIn(this.#given)}: rebuilt. ${bound}.`, 'done');
    else this.#say(`${namesIn(this.#given)}: ${count(skipped, 'record')} skipped, see below why. ${bound}.`, 'partly');
    const changes = addressChanges(this.#given, network.id);
    const notes = [
      ...heldNote(rebuilt),
      ...(report.elsewhere > 0 ? [`${count(report.elsewhere, 'task')} of the list are on other networks.`] : []),
      ...(this.#given.services === undefined ? ['Without services.json a service is shown by its ID.'] : []),
    ];
    this.#report.replaceChildren(
      changesElement(changes),
      reportElement({ ...report, title: `${network.name} · ${subnet.cidr}`, notes }),
    );
    this.#result.hidden = false;
    this.#bindings.show([...subnet.bindings()]);
    const parts = partsOf(subnet);
    fill(
      this.#part,
      parts.map((part) => [String(part), titleOfPart(subnet, part)] as const),
      String(parts[0]),
    );
    (this.#part.parentElement as HTMLElement).hidden = parts.length < 2;
    this.#look(parts[0] ?? 0n);
  }

  /** As if nothing had come in. */
  #clear(): void {
    this.#rebuilt?.subnet.destroy();
    this.#rebuilt = undefined;
    this.#given = {};
    this.#result.hidden = true;
    this.#pickers.hidden = true;
    this.#say('', 'waiting');
  }

  #look(part: bigint): void {
    if (this.#rebuilt !== undefined) this.map.show(new Camera(this.#rebuilt.subnet, part).take());
  }

  #pick(identity: string): void {
    const address = this.#rebuilt?.subnet.lookup(identity)?.address;
    if (address !== undefined) this.map.mark([address]);
  }

  #save(): void {
    const subnet = this.#rebuilt?.subnet;
    if (subnet !== undefined)
      download('limpet-snapshot.bin', subnet.snapshot() as Uint8Array<ArrayBuffer>, 'application/octet-stream');
  }

  #refuse(error: unknown): void {
    const still = this.#rebuilt === undefined ? 'Nothing was read.' : 'The view has not changed.';
    const why = error instanceof Error ? error.message : String(error);
    this.#say(`${why}. ${still}`, 'refused');
    if (!(error instanceof Unusable || (error instanceof Error && error.name === 'LimpetError'))) throw error;
  }

  #say(text: string, kind: 'done' | 'partly' | 'waiting' | 'refused'): void {
    setText(this.#message, text);
    this.#message.dataset.kind = kind;
  }
}

/**
 * What came at once with what was there, unless that is another swarm's.
 * @throws Unusable two lists of one kind came at once
 */
function together(before: Given, pieces: readonly Piece[]): Given {
  for (const [n, piece] of pieces.entries()) {
    const twin = pieces.slice(0, n).find(({ kind }) => kind === piece.kind);
    if (twin !== undefined) throw new Unusable(`${twin.name} and ${piece.name} are both lists of ${piece.kind}`);
  }
  const given: Given = Object.fromEntries(pieces.map((piece) => [piece.kind, piece]));
  const isOthers = given.tasks !== undefined && !belongs(before.services?.list ?? [], given.tasks.records);
  return isOthers ? given : { ...before, ...given };
}

/** Whether the services are those of the tasks, as far as there are any. */
function belongs(services: readonly unknown[], tasks: readonly unknown[]): boolean {
  const ids = new Set(services.map((service) => (service as { ID?: unknown } | null)?.ID));
  return ids.size === 0 || tasks.some((task) => ids.has((task as { ServiceID?: unknown } | null)?.ServiceID));
}

/** What Docker has done to this swarm's replicas. */
function changesElement(changes: readonly AddressChange[]): HTMLElement {
  if (changes.length === 0)
    return h('p', { class: 'quiet small', text: 'No replica in this list has changed its address.' });
  const lines = changes
    .slice(0, MOST_CHANGES)
    .map(({ identity, addresses }) =>
      h('li', {}, h('b', { text: identity }), ' ', h('span', { class: 'mono', text: addresses.join(' → ') })),
    );
  const more =
    changes.length > MOST_CHANGES
      ? [h('p', { class: 'small quiet', text: `… and ${changes.length - MOST_CHANGES} more` })]
      : [];
  return h(
    'div',
    { class: 'report-part is-bad', attrs: { id: 'own-changes' } },
    h('h3', { text: `${count(changes.length, 'replica')} changed ${changes.length === 1 ? 'its' : 'their'} address` }),
    h('p', { class: 'small', text: 'On a network that Limpet serves, each would have its first one still.' }),
    h('ul', {}, ...lines),
    ...more,
  );
}

function namesIn({ tasks, services, networks }: Given): string {
  return [tasks, services, networks].flatMap((piece) => piece?.name ?? []).join(', ');
}

function fill(
  list: HTMLSelectElement,
  options: readonly (readonly [value: string, text: string])[],
  chosen: string,
): void {
  list.replaceChildren(...options.map(([value, text]) => h('option', { text, attrs: { value } })));
  list.value = chosen;
}

/** `Not assignable: gateway 10.77.0.1; virtual IPs 10.77.0.2, 10.77.0.13.` */
function heldNote({ gateway, virtual }: Rebuilt): string[] {
  const sorted = [...virtual].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const parts = [
    ...(gateway === undefined ? [] : [`gateway ${gateway}`]),
    ...(sorted.length === 0 ? [] : [`virtual IP${sorted.length === 1 ? '' : 's'} ${sorted.join(', ')}`]),
  ];
  return parts.length === 0 ? [] : [`Not assignable: ${parts.join('; ')}.`];
}
