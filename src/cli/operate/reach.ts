// How an operator's command reaches Limpet: through the socket of the plugin that runs here, or a store opened
// directly.

import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { LimpetError, type LimpetErrorCode } from '../../host/errors.js';
import { visible } from '../../host/visible.js';
import type { InputOf, OperationName, OutputOf } from '../../operate/index.js';
import { EXIT, Failure } from '../failure.js';
import { withProgress } from '../progress.js';

export interface Reach {
  /** The plugin's socket; else the one that is found. */
  readonly socket?: string;
  /** A store's URL, to be opened by this process instead. */
  readonly store?: string;
}

/** Where plugins put their sockets: plain ones, and managed ones in a folder named by the plugin's ID. */
export const PLUGIN_FOLDER = '/run/docker/plugins';
const SOCKET_NAME = 'limpet.sock';

/** Milliseconds without a byte until the plugin counts as silent. A check waits some seconds between its two looks. */
const SILENCE = 60_000;

/** @throws Failure saying what is in the way; its exit code tells whose fault it is */
export async function call<N extends OperationName>(reach: Reach, name: N, input: InputOf<N>): Promise<OutputOf<N>> {
  if (reach.store !== undefined && reach.socket !== undefined) {
    throw new Failure('--socket and --store exclude each other: ask the plugin, or open its store');
  }
  try {
    const { store, socket } = reach;
    if (store !== undefined) return await waiting(name, `opening ${store}`, () => direct(store, name, input));
    const path = socket ?? (await findSocket());
    return await waiting(name, 'waiting for the plugin', () => overSocket(path, name, input));
  } catch (error) {
    // What opens a store is a bundle of its own, with its own LimpetError.
    const { name, code, message } = error as LimpetError;
    throw name === 'LimpetError' ? new Failure(message, exitCodeOf(code), code) : error;
  }
}

function waiting<T>(name: OperationName, busy: string, work: () => Promise<T>): Promise<T> {
  const what = name === 'check' ? 'comparing with Docker, twice' : visible(busy);
  return withProgress((seconds) => `${what} … ${seconds} s`, work);
}

/** Whose fault an error of an operation is. */
export function exitCodeOf(code: LimpetErrorCode): number {
  if (code === 'BAD_INPUT') return EXIT.unusable;
  const away: readonly LimpetErrorCode[] = ['UNAVAILABLE', 'LOCKED', 'DAMAGED', 'CONTENDED', 'ENDED', 'BROKEN'];
  return away.includes(code) ? EXIT.unreachable : EXIT.found;
}

/** The one plugin's socket that answers. @throws Failure when there is none, or several */
async function findSocket(folder = process.env.LIMPET_PLUGIN_FOLDER ?? PLUGIN_FOLDER): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EACCES') throw new Failure(`${folder} may only be read by root`, EXIT.unreachable);
    return []; // not there: no Docker plugin has ever run here
  });
  const paths = entries.map((entry) => `${folder}/${entry.isDirectory() ? `${entry.name}/` : ''}${SOCKET_NAME}`);
  const answering: string[] = [];
  for (const path of new Set(paths)) if (await isListening(path)) answering.push(path);
  const [only, ...more] = answering;
  if (only !== undefined && more.length === 0) return only;
  if (only === undefined) {
    const hint = 'start it, name its socket with --socket PATH, or open its store with --store URL';
    throw new Failure(`no Limpet plugin answers in ${folder}: ${hint}`, EXIT.unreachable);
  }
  throw new Failure(`${answering.length} Limpet plugins run here; choose one with --socket: ${answering.join(', ')}`);
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(true));
    socket.once('error', () => resolve(false)).once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function overSocket<N extends OperationName>(path: string, name: N, input: InputOf<N>): Promise<OutputOf<N>> {
  const { status, body } = await exchange(path, name, input);
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new Failure(
      `${path} is not the socket of a Limpet plugin: it answers ${status}, and not JSON`,
      EXIT.unreachable,
    );
  }
  if (status === 200) return answer as OutputOf<N>;
  const { error } = answer as { error?: { code: LimpetErrorCode; message: string } };
  if (error !== undefined) throw new LimpetError(error.code, error.message);
  throw new Failure(
    `${path} is not the socket of a Limpet plugin: it answers ${status} ${body.slice(0, 100)}`,
    EXIT.unreachable,
  );
}

function exchange(path: string, name: OperationName, input: object): Promise<{ status: number; body: string }> {
  const looks = LOOKING.includes(name);
  const fields = Object.entries(input).filter((field): field is [string, string] => field[1] !== undefined);
  const query = looks && fields.length > 0 ? `?${new URLSearchParams(fields)}` : '';
  return new Promise((resolve, reject) => {
    const options = { socketPath: path, path: `/limpet/v1/${name}${query}`, method: looks ? 'GET' : 'POST' };
    const asked = request({ ...options, timeout: SILENCE, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', (error) => reject(unreachable(path, error)));
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${SILENCE / 1000} s`)));
    asked.on('error', (error) => reject(unreachable(path, error)));
    asked.end(looks ? undefined : JSON.stringify(input));
  });
}

/** Operations that only look. The list itself is the admin bundle's, which this one does without. */
const LOOKING: readonly OperationName[] = ['status', 'ls', 'lookup', 'check'];

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ECONNREFUSED: 'nothing listens there',
  EACCES: 'permission denied; only root may ask',
  ENOTSOCK: 'it is not a socket',
};

function unreachable(path: string, error: NodeJS.ErrnoException): Failure {
  return new Failure(`cannot ask ${path}: ${REASONS[error.code ?? ''] ?? error.message}`, EXIT.unreachable);
}

/** The heavy part, stores and Docker's API, is loaded only here. */
async function direct<N extends OperationName>(store: string, name: N, input: InputOf<N>): Promise<OutputOf<N>> {
  const { withStore } = await import('../../operate/direct.js');
  return withStore(store, name, input);
}
