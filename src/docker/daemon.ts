// What answers questions about Docker: a daemon behind a socket (connection.ts), or whatever stands for one. It says
// what Docker says, as it says it; how long that may take, and what it means, is the client's.

export interface Question {
  /** As Docker's documentation has it: `/containers/json`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  /** The version of the API that is to answer, as in `v1.44`. Without one Docker answers in its newest. */
  readonly version?: string | undefined;
  readonly signal: AbortSignal;
}

/** To Docker's stream of events. */
export interface Listening extends Omit<Question, 'path'> {
  /** Each event, as Docker's JSON. */
  readonly heard?: (event: string) => void;
}

export interface Daemon {
  /** For messages. */
  readonly name: string;
  /**
   * A GET; its answer, which is JSON. @throws Error with Docker's `statusCode` when it refuses, with the system's
   * `code` when the connection has ended; whatever it likes once the signal is aborted
   */
  ask(question: Question): Promise<unknown>;
  /** Resolves when Docker's stream of events ends. @param opened is called when there is one. @throws as `ask` */
  events(listening: Listening, opened: () => void): Promise<void>;
  /** Whether a daemon that calls itself so in the swarm is being stopped. */
  isBeingStopped(state: string): Promise<boolean>;
}
