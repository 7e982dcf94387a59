// The parts of the protocol, put together: Docker's calls with their deadline, and the looks around. Whatever plays a
// node is one of these with an environment of its own: the plugin, the simulator's, a node of the tests.

import { LimpetError } from '../host/errors.js';
import { Deadline } from '../service/index.js';
import type { Call, RequestOf } from './calls.js';
import { Driver } from './driver.js';
import type { Environment } from './environment.js';
import { type Around, Looks } from './looks.js';
import { Tenants } from './tenants.js';

export class Protocol {
  readonly tenants: Tenants;
  readonly looks: Looks;
  readonly #environment: Environment;
  readonly #driver: Driver;

  constructor(environment: Environment, around: Around) {
    this.#environment = environment;
    this.tenants = new Tenants(environment.clock);
    this.#driver = new Driver(environment, this.tenants);
    this.looks = new Looks(environment, this.tenants, this.#driver.said, around);
  }

  /** No call is taken any more, and nothing goes on behind those that were. */
  async end(): Promise<void> {
    this.#driver.end();
    await this.looks.end();
  }

  /**
   * Docker is told before it gives up by itself: it will ask again. What has not been written by then is not written
   * any more, and neither is what waits when Docker itself is gone: another leader may have asked since.
   * @param gone whoever has asked waits no longer. @throws LimpetError in words that Docker passes on to its user
   */
  async answer<C extends Call>(
    call: C,
    request: RequestOf<C>,
    gone?: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { clock, waits } = this.#environment;
    const within = waits.call;
    let callOff = () => {};
    const late = new Promise<never>((_, reject) => {
      callOff = clock.after(within, () => {
        reject(new LimpetError('UNAVAILABLE', `${call}: no answer within ${within} ms`, { call }));
      });
    });
    const deadline = new Deadline(clock, within * 0.95, gone); // what the store says of it comes first
    return Promise.race([this.#driver.answer(call, request, { deadline }), late]).finally(callOff);
  }
}
