// The one file that knows the SQLite library. Everything is synchronous but `write`, which gathers the writes of an
// event-loop turn into one transaction: under synchronous=FULL each transaction costs one flush of the disk.

import Database from 'libsql'
import { TersorError } from '#src/domain/errors'

export type SqlValue = string | number | null

export interface Statement {
  get(...values: readonly SqlValue[]): unknown
  all(...values: readonly SqlValue[]): unknown[]
  /** Number of rows changed. */
  run(...values: readonly SqlValue[]): number
}

export interface SqliteDatabase {
  /** Prepares the statement once; the same text gives the same statement. */
  statement(sql: string): Statement
  exec(sql: string): void
  /**
   * Runs `work` in the transaction of this turn. What it wrote is durable when this resolves.
   * `work` must be synchronous; when it throws, its writes alone are undone and this rejects.
   * Throws TersorError `storage_full` when the disk is.
   */
  write<T>(work: () => T): Promise<T>
  /**
   * The same, but for what can be made again from durable records: it outlives this process, and a loss of power only
   * once something durable was written after it. A turn of such writes alone does not flush the disk.
   */
  writeUnflushed<T>(work: () => T): Promise<T>
  /** Finishes the writes that wait, then closes. */
  close(): Promise<void>
}

interface PendingWrite {
  readonly flushed: boolean
  run(): void
  settle(): void
  reject(error: unknown): void
}

const SQLITE_FULL = 13
/** Whether a transaction in the write-ahead log ends with a flush (sqlite.org/pragma.html#pragma_synchronous). */
const FLUSHED = 'PRAGMA synchronous = FULL'
const UNFLUSHED = 'PRAGMA synchronous = NORMAL'

/** Opens or creates the database at `path`; `:memory:` for one that lives as long as the process. */
export function openSqliteDatabase(path: string): SqliteDatabase {
  const database = new Database(path)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec(FLUSHED)
  const statements = new Map<string, Statement>()
  let pending: PendingWrite[] = []
  let open = true

  function flush(): void {
    const batch = pending
    pending = []
    if (batch.length === 0) return
    try {
      database.exec(batch.some(({ flushed }) => flushed) ? FLUSHED : UNFLUSHED)
      database.exec('BEGIN IMMEDIATE')
      for (const write of batch) write.run()
      database.exec('COMMIT')
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK')
      for (const write of batch) write.reject(publicError(error))
      return
    }
    for (const write of batch) write.settle()
  }

  function write<T>(work: () => T, flushed: boolean): Promise<T> {
    if (!open) return Promise.reject(new Error('The database is closed'))
    return new Promise((resolve, reject) => {
      if (pending.length === 0) setImmediate(flush)
      pending.push(savepointed(database, work, flushed, resolve, reject))
    })
  }

  return {
    statement(sql) {
      const known = statements.get(sql)
      if (known !== undefined) return known
      const prepared = prepare(database, sql)
      statements.set(sql, prepared)
      return prepared
    },
    exec: (sql) => void database.exec(sql),
    write: (work) => write(work, true),
    writeUnflushed: (work) => write(work, false),
    async close() {
      if (!open) return
      open = false
      flush()
      database.close()
    },
  }
}

function prepare(database: Database.Database, sql: string): Statement {
  const prepared = database.prepare(sql)
  return {
    get: (...values) => withoutMetadata(prepared.get(...values)),
    all: (...values) => prepared.all(...values).map(withoutMetadata),
    run: (...values) => prepared.run(...values).changes,
  }
}

/** The library adds timings to the rows of `get` under the key `_metadata`. */
function withoutMetadata(row: unknown): unknown {
  if (typeof row === 'object' && row !== null && '_metadata' in row) delete row._metadata
  return row
}

/** One write inside the shared transaction: it fails alone, unless the transaction itself is gone. */
function savepointed<T>(
  database: Database.Database,
  work: () => T,
  flushed: boolean,
  resolve: (result: T) => void,
  reject: (error: unknown) => void,
): PendingWrite {
  let settle = (): void => reject(new Error('The write has not run'))
  return {
    flushed,
    run() {
      database.exec('SAVEPOINT one_write')
      try {
        const result = work()
        database.exec('RELEASE one_write')
        settle = () => resolve(result)
      } catch (error) {
        // A full disk ends the transaction as a whole.
        if (!database.inTransaction) throw error
        database.exec('ROLLBACK TO one_write')
        database.exec('RELEASE one_write')
        settle = () => reject(publicError(error))
      }
    },
    settle: () => settle(),
    reject,
  }
}

function publicError(error: unknown): unknown {
  const full = error instanceof Database.SqliteError && error.rawCode === SQLITE_FULL
  return full ? new TersorError('storage_full', 'The records cannot grow', { cause: error }) : error
}
