// A store of one's own: everything in one SQLite file, for one process at a time. docs/STORE-AUTHORS.md walks through
// it, and tests/examples plays the contract that every store must pass.

import { LimpetError } from 'limpet';
import type { Change, Commit, NodeName, Store, StoreListener, SubnetKey } from 'limpet/service';
import sqlite from 'node-sqlite3-wasm';

const SCHEMA = `
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS subnet (
    id INTEGER PRIMARY KEY, space TEXT NOT NULL, cidr TEXT NOT NULL, spec TEXT NOT NULL, UNIQUE (space, cidr));
  CREATE TABLE IF NOT EXISTS user (
    subnet INTEGER REFERENCES subnet ON DELETE CASCADE, name TEXT, PRIMARY KEY (subnet, name));
  CREATE TABLE IF NOT EXISTS held (
    subnet INTEGER REFERENCES subnet ON DELETE CASCADE, address TEXT, PRIMARY KEY (subnet, address));
  CREATE TABLE IF NOT EXISTS binding (
    subnet INTEGER REFERENCES subnet ON DELETE CASCADE, identity TEXT, address TEXT NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0, released REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (subnet, identity), UNIQUE (subnet, address));
  CREATE TABLE IF NOT EXISTS live (
    subnet INTEGER, identity TEXT, node TEXT, PRIMARY KEY (subnet, identity, node),
    FOREIGN KEY (subnet, identity) REFERENCES binding ON DELETE CASCADE);
  CREATE TABLE IF NOT EXISTS node (id TEXT PRIMARY KEY, name TEXT NOT NULL);`;

type Value = string | number;
type Statement = [sql: string, ...values: Value[]];
type Row = Record<string, Value>;
type Claim = Extract<Change, { op: 'bind' | 'pin' }>;

/** What the changes rest on is not so: nothing of them may stay. */
class Conflict extends Error {}

export class SqliteStore implements Store {
  readonly name: string;
  readonly shared = false;
  readonly #file: string;
  #database: sqlite.Database | undefined;

  constructor(file: string) {
    this.name = `sqlite:${file}`;
    this.#file = file;
  }

  async open(listener: StoreListener): Promise<void> {
    try {
      this.#database = new sqlite.Database(this.#file);
      // The lock stays from the first write on until it is closed.
      this.#database.exec(`PRAGMA locking_mode = EXCLUSIVE; ${SCHEMA} BEGIN EXCLUSIVE; COMMIT`);
    } catch (error) {
      await this.close();
      const message = `${this.name} cannot be opened: ${(error as Error).message}`;
      throw new LimpetError(/lock/.test(message) ? 'LOCKED' : 'UNAVAILABLE', message, {});
    }
    const nodes = this.#all('SELECT * FROM node');
    for (const { id, name } of nodes) listener.introduced({ id: String(id), name: String(name) });
    for (const row of this.#all('SELECT * FROM subnet')) this.#tell(row, listener);
  }

  /** A subnet's whole state, as changes: what is held before what is bound, and who is live at the end. */
  #tell({ id = 0, space, cidr, spec }: Row, listener: StoreListener): void {
    const key: SubnetKey = { space: String(space), cidr: String(cidr) };
    const tell = (change: Change) => listener.apply(key, change);
    tell({ op: 'create', spec: JSON.parse(String(spec)) });
    for (const { name } of this.#all('SELECT name FROM user WHERE subnet = ?', id)) {
      tell({ op: 'use', user: String(name) });
    }
    const held = new Set(this.#all('SELECT address FROM held WHERE subnet = ?', id).map(({ address }) => address));
    for (const address of held) tell({ op: 'hold', address: String(address) });
    for (const row of this.#all('SELECT * FROM binding WHERE subnet = ?', id)) {
      const [identity, address, time] = [String(row.identity), String(row.address), Number(row.released)];
      tell({ op: 'bind', identity, address, ...(held.has(address) && { ticket: true as const }) });
      if (row.pinned) tell({ op: 'pin', identity, address, time });
      const nodes = this.#all('SELECT node FROM live WHERE subnet = ? AND identity = ?', id, identity);
      for (const { node } of nodes) tell({ op: 'live', identity, node: String(node) });
      if (nodes.length === 0) tell({ op: 'gone', identity, node: '', time });
    }
  }

  /** All or none, in one transaction; SQLite has it on disk when COMMIT answers. */
  async commit({ space, cidr }: SubnetKey, changes: readonly Change[]): Promise<Commit> {
    try {
      this.#run('BEGIN');
      for (const change of changes) {
        if (change.op === 'create') {
          const make = 'INSERT INTO subnet (space, cidr, spec) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
          this.#run(make, space, cidr, JSON.stringify(change.spec));
        } else {
          const id = this.#all('SELECT id FROM subnet WHERE space = ? AND cidr = ?', space, cidr)[0]?.id;
          if (id !== undefined) this.#run(...this.#statement(Number(id), change));
          else if (change.op !== 'remove') throw new Conflict();
        }
      }
      this.#run('COMMIT');
      return 'done';
    } catch (error) {
      if (this.#database?.inTransaction) this.#run('ROLLBACK');
      if (error instanceof Conflict) return 'conflict';
      const message = `${this.name}: ${(error as Error).message}`;
      throw new LimpetError('UNAVAILABLE', message, { outcome: 'none' });
    }
  }

  /** What is to be written for a change. @throws Conflict when it cannot be */
  #statement(id: number, change: Exclude<Change, { op: 'create' }>): Statement {
    switch (change.op) {
      case 'remove':
        if (change.unused && this.#isUsed(id)) throw new Conflict();
        return ['DELETE FROM subnet WHERE id = ?', id];
      case 'settings':
        return ['UPDATE subnet SET spec = ? WHERE id = ?', JSON.stringify(change.spec), id];
      case 'bind':
        return this.#binding(id, change, 0);
      case 'pin':
        this.#run(...this.#binding(id, change, change.time));
        return ['UPDATE binding SET pinned = 1 WHERE subnet = ? AND identity = ?', id, change.identity];
      case 'unpin':
        this.#run('UPDATE binding SET pinned = 0 WHERE subnet = ? AND identity = ?', id, change.identity);
        return release(id, change);
      case 'reclaim': {
        const [where, who] = ['subnet = ? AND identity = ? AND address = ?', [id, change.identity, change.address]];
        const [row] = this.#all(`SELECT pinned FROM binding WHERE ${where}`, ...who);
        if (row !== undefined && Boolean(row.pinned) !== (change.pinned ?? false)) throw new Conflict();
        if (this.#isLive(id, change.identity)) throw new Conflict();
        return [`DELETE FROM binding WHERE ${where}`, ...who];
      }
      case 'live':
        if (change.sole && this.#isLive(id, change.identity, change.node)) throw new Conflict();
        return ['INSERT INTO live VALUES (?, ?, ?) ON CONFLICT DO NOTHING', id, change.identity, change.node];
      case 'gone':
        this.#run('DELETE FROM live WHERE subnet = ? AND identity = ? AND node = ?', id, change.identity, change.node);
        return release(id, change);
      case 'hold':
        return ['INSERT INTO held VALUES (?, ?) ON CONFLICT DO NOTHING', id, change.address];
      case 'unhold':
        return ['DELETE FROM held WHERE subnet = ? AND address = ?', id, change.address];
      case 'use':
        return ['INSERT INTO user VALUES (?, ?) ON CONFLICT DO NOTHING', id, change.user];
      case 'disuse':
        return ['DELETE FROM user WHERE subnet = ? AND name = ?', id, change.user];
    }
  }

  /** A new binding; one that is there stays. In its way are another identity there, and another address of its own. */
  #binding(id: number, change: Claim, released: number): Statement {
    const { identity, address, ticket = false } = change;
    const taken = 'SELECT * FROM binding WHERE subnet = ? AND (identity = ? OR address = ?)';
    const found = this.#all(taken, id, identity, address);
    if (found.some((row) => row.identity !== identity || row.address !== address)) throw new Conflict();
    const isHeld = this.#all('SELECT 1 FROM held WHERE subnet = ? AND address = ?', id, address).length > 0;
    if (found.length === 0 && isHeld !== ticket) throw new Conflict();
    return ['INSERT INTO binding VALUES (?, ?, ?, 0, ?) ON CONFLICT DO NOTHING', id, identity, address, released];
  }

  #isLive(id: number, identity: string, exceptOn = ''): boolean {
    const rows = 'SELECT 1 FROM live WHERE subnet = ? AND identity = ? AND node != ?';
    return this.#all(rows, id, identity, exceptOn).length > 0;
  }

  #isUsed(id: number): boolean {
    const rows = `SELECT 1 FROM user WHERE subnet = ?1 UNION SELECT 1 FROM held WHERE subnet = ?1
      UNION SELECT 1 FROM live WHERE subnet = ?1 UNION SELECT 1 FROM binding WHERE subnet = ?1 AND pinned`;
    return this.#all(rows, id).length > 0;
  }

  async introduce({ id, name }: NodeName): Promise<void> {
    this.#run('INSERT INTO node VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name', id, name);
  }

  async close(): Promise<void> {
    this.#database?.close();
    this.#database = undefined;
  }

  #run(sql: string, ...values: Value[]): void {
    if (this.#database === undefined) throw new LimpetError('ENDED', `${this.name} is closed`, {});
    this.#database.run(sql, values.map(written));
  }

  #all(sql: string, ...values: Value[]): Row[] {
    const rows = (this.#database?.all(sql, values.map(written)) ?? []) as Row[];
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, read(value)])));
  }
}

/** An identity is any text; SQLite's C ends a text at its first NUL. */
function written(value: Value): Value {
  return typeof value === 'string' ? value.replaceAll('%', '%25').replaceAll('\0', '%00') : value;
}

function read(value: Value): Value {
  return typeof value === 'string' ? value.replaceAll('%00', '\0').replaceAll('%25', '%') : value;
}

/** The time counts once nobody is live any more. */
function release(id: number, { identity, time }: { identity: string; time: number }): Statement {
  const nobody = 'NOT EXISTS (SELECT 1 FROM live WHERE live.subnet = ?2 AND live.identity = ?3)';
  return [`UPDATE binding SET released = ?1 WHERE subnet = ?2 AND identity = ?3 AND ${nobody}`, time, id, identity];
}
