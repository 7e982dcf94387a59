// The page: loads the core, puts the parts together, and keeps the address bar saying what is shown.

import { Limpet } from 'limpet';
import { type AllocatorState, type Scenario, Simulation, type State, scenarios } from 'limpet/simulator';
import { button, byId, copyButton, download, h, setText } from './dom.js';
import { Inspector } from './inspector/inspector.js';
import { listenForKeys } from './keys.js';
import { Film } from './map/film.js';
import { SubnetMap } from './map/map.js';
import { OwnView } from './own/view.js';
import { type Goal, Session } from './session.js';
import type { Side } from './stays.js';
import { ALLOCATORS } from './swarm/chip.js';
import { Commands } from './swarm/commands.js';
import { Desk } from './swarm/desk.js';
import { Follow } from './swarm/follow.js';
import { Lines } from './swarm/lines.js';
import { Scores } from './swarm/score.js';
import { Settings } from './swarm/settings.js';
import { Stage } from './swarm/stage.js';
import { makeTabs } from './tabs.js';
import { makeTheme } from './theme.js';
import { fromHash, type Linked, toHash } from './url.js';

const EMPTY: Scenario = {
  name: 'An empty swarm',
  about: 'Three managers and nothing on them: create a service below, then break something.',
  events: [],
};
const SCENARIOS: Readonly<Record<string, Scenario | undefined>> = { ...scenarios, empty: EMPTY };
const FIRST = 'classic';
const FIRST_REST: Goal = { restAfter: 0 };

class App {
  readonly #session: Session;
  readonly #desk: Desk;
  readonly #stage: Stage;
  readonly #follow: Follow;
  readonly #commands: Commands;
  readonly #map: SubnetMap;
  readonly #inspector: Inspector;
  readonly #own: OwnView;
  readonly #chooseView: (id: string) => void;
  #films: Readonly<Record<Side, Film>>;
  #side: Side = 'sticky';
  #name: string | undefined = FIRST;
  #followed = 'web.3';
  #view: 'swarm' | 'own' = 'swarm';
  /** What the page itself has written into the address bar, or read from there; undefined before it has read it. */
  #noted: string | undefined;

  constructor(
    private readonly limpet: Limpet,
    simulation: Simulation,
  ) {
    this.#session = new Session(simulation);
    this.#films = this.#load();
    this.#desk = new Desk(
      this.#session,
      { ...scenarios, empty: EMPTY },
      { choose: (name) => void this.#choose(name, undefined), goOn: wayOn(() => this.#chooseView('tab-own')) },
    );
    this.#desk.mount(byId('desk'));
    new Settings(byId('settings'), this.#session, {
      reseed: (seed) => void this.#choose(this.#desk.chosen, seed),
      link: () => new URL(this.#hash(), location.href).href,
    });
    new Scores(byId('scores'), this.#session);
    new Lines(byId('lines'), this.#session);
    listenForKeys(this.#desk, () => this.#view === 'swarm');
    const follow = (identity: string) => this.follow(identity);
    this.#commands = new Commands(byId('commands'), this.#session);
    this.#stage = new Stage(byId('stage'), this.#session, {
      follow,
      select: (node) => this.#commands.chooseNode(node),
      apply: (event) => void this.#commands.apply(event),
    });
    this.#follow = new Follow(byId('follow'), this.#session, follow);
    this.#map = new SubnetMap('Map of the subnet', follow);
    this.#mountMap(byId('map'));
    this.#inspector = new Inspector(byId('inspector'), {
      session: this.#session,
      allocator: () => this.#allocator,
      address: (ordinal) => this.#session.translation.address(ordinal),
      follow,
    });
    this.#own = new OwnView(byId('view-own'), limpet, {
      play: (scenario) => void this.#open({ scenario }),
      reveal: () => this.#chooseView('tab-own'),
    });
    this.#chooseView = makeTabs(document.querySelector('.views') as HTMLElement, (id) => {
      this.#view = id === 'tab-own' ? 'own' : 'swarm';
      this.#note();
    });
    this.#session.listen(
      ({ before }) => {
        if (before === undefined) this.#films = this.#load();
        this.#picture();
      },
      () => this.#note(),
    );
    makeTheme(byId<HTMLSelectElement>('theme'), () => {
      this.#map.recolour();
      this.#own.map.recolour();
    });
  }

  async begin(): Promise<void> {
    await this.#openLink();
    addEventListener('hashchange', () => {
      if (location.hash !== this.#noted) void this.#openLink();
    });
  }

  follow(identity: string): void {
    this.#followed = identity;
    this.#stage.follow(identity);
    this.#desk.follow(identity);
    this.#follow.follow(identity);
    this.#commands.chooseTask(identity);
    this.#mark();
    this.#note();
  }

  get #allocator(): AllocatorState {
    return this.#session.state[this.#side];
  }

  async #openLink(): Promise<void> {
    this.#noted = location.hash;
    await this.#open(fromHash(location.hash));
  }

  /** Shows what a link says. A scenario that cannot be run leaves everything as it is, and says why. */
  async #open(shown: Linked): Promise<void> {
    this.#chooseView(shown.view === 'own' ? 'tab-own' : 'tab-swarm');
    const isKnown = shown.scenario === undefined;
    const name = shown.name !== undefined && Object.hasOwn(SCENARIOS, shown.name) ? shown.name : FIRST;
    const known = SCENARIOS[name] ?? scenarios.classic;
    const seeded = shown.seed === undefined ? known : { ...known, seed: shown.seed };
    const goal = shown.step === undefined ? FIRST_REST : { step: shown.step };
    const { follow } = shown;
    if (isKnown) await this.#run(seeded, name, goal, follow);
    else await this.#run(shown.scenario, undefined, goal, follow);
  }

  async #choose(name: string, seed: number | undefined): Promise<void> {
    const scenario = SCENARIOS[name] ?? this.#session.scenario;
    const known = SCENARIOS[name] === undefined ? undefined : name;
    await this.#run(seed === undefined ? scenario : { ...scenario, seed }, known, FIRST_REST, undefined);
  }

  /** @param name of one of the page's scenarios; undefined for one that came from outside */
  async #run(scenario: unknown, name: string | undefined, goal: Goal, follow: string | undefined): Promise<void> {
    const failure = byId('failure');
    try {
      await this.#session.load(scenario, name === undefined ? 'handmade' : 'known', goal);
      this.#name = name;
      failure.hidden = true;
    } catch (error) {
      setText(failure, `This scenario cannot be run: ${error instanceof Error ? error.message : String(error)}`);
      failure.hidden = false;
      if (this.#session.last === 0) await this.#session.load(scenarios.classic, 'known', FIRST_REST);
    }
    this.#desk.name(this.#name);
    this.follow(follow ?? firstLook(this.#session.scenario) ?? firstTask(this.#session.state) ?? '');
  }

  #load(): Readonly<Record<Side, Film>> {
    const { network, translation } = this.#session;
    const of = { title: network.subnet, size: network.size, ...translation };
    return { stock: new Film(of), sticky: new Film(of) };
  }

  #mountMap(root: HTMLElement): void {
    const choice = h('fieldset', { class: 'switch end' }, h('legend', { class: 'unseen', text: 'Allocator' }));
    for (const side of ['stock', 'sticky'] as const) {
      const input = h('input', { attrs: { type: 'radio', name: 'side', id: `side-${side}`, value: side } });
      input.checked = side === this.#side;
      input.addEventListener('change', () => {
        this.#side = side;
        this.#picture();
        this.#inspector.update();
      });
      choice.append(input, h('label', { text: ALLOCATORS[side], attrs: { for: `side-${side}` } }));
    }
    const save = h('button', { text: 'Save snapshot', attrs: { type: 'button', id: 'save-snapshot' } });
    save.addEventListener('click', () => this.#saveSnapshot());
    root.append(
      h('header', { class: 'panel-head' }, h('h2', { text: 'Every address', attrs: { id: 'map-title' } }), choice),
      this.#map.element,
      h('div', { class: 'map-foot' }, save),
    );
  }

  #picture(): void {
    this.#map.show(this.#films[this.#side].take(this.#allocator));
    this.#mark();
  }

  /** The followed identity's address in the allocator that is looked at. */
  #mark(): void {
    const stay = this.#session.stays.of(this.#followed, this.#session.state.step).at(-1);
    this.#map.mark(stay === undefined ? [] : [stay[this.#side]]);
  }

  /** Limpet's state as the core writes it: bindings and holds of the moment shown, in a subnet of their own. */
  #saveSnapshot(): void {
    const { exclude } = this.#session.scenario;
    const net = this.limpet.subnet(this.#session.network.subnet, exclude === undefined ? {} : { exclude });
    const records: { identity: string; address: string; state: string }[] = [];
    for (const [ordinal, { state, identity }] of this.#session.state.sticky.cells.entries()) {
      const address = net.addressOf(ordinal);
      if (identity !== undefined) records.push({ identity, address, state });
      else if (state === 'held') net.hold(address);
    }
    net.rebuild(records, { time: this.#session.state.time * 1000 });
    download('limpet-snapshot.bin', net.snapshot() as Uint8Array<ArrayBuffer>, 'application/octet-stream');
    net.destroy();
  }

  #hash(): string {
    const { state, scenario, handmade } = this.#session;
    const what = this.#name === undefined || handmade ? { scenario } : { name: this.#name, seed: scenario.seed ?? 1 };
    return toHash({ ...what, step: state.step, follow: this.#followed, view: this.#view });
  }

  /** Not while playing: browsers refuse more than some hundred changes a minute. */
  #note(): void {
    if (this.#session.playing) return;
    if (location.hash !== this.#noted) return; // somebody has entered a link, which comes to be opened in a moment
    const hash = this.#hash();
    if (hash !== location.hash) history.replaceState(null, '', hash);
    this.#noted = location.hash;
  }
}

/** What can be done after a run: the same on a swarm of one's own. */
function wayOn(toOwn: () => void): HTMLElement {
  const command = 'npx limpet install';
  return h(
    'p',
    { class: 'way-on' },
    'On your own swarm: ',
    h('code', { text: command }),
    ' on each node. ',
    copyButton('Copy', () => command),
    ' ',
    button('Look at your own swarm', '', toOwn),
  );
}

function firstTask({ tasks }: State): string | undefined {
  for (const { identity } of tasks.values()) return identity;
  return undefined;
}

function firstLook(scenario: Scenario): string | undefined {
  for (const event of scenario.events) if (event.do === 'look') return event.identity;
  return undefined;
}

async function start(): Promise<void> {
  try {
    await new App(await Limpet.load(), await Simulation.open(scenarios.classic)).begin();
    document.documentElement.dataset.ready = 'yes';
  } catch (error) {
    const failure = byId('failure');
    failure.textContent = `The page cannot run here: ${error instanceof Error ? error.message : String(error)}`;
    failure.hidden = false;
    throw error;
  }
}

void start();
