// Writers that note what was acknowledged, and a comparison of that with what a store holds.

import { expect } from 'vitest'
import { TersorError } from '#src/domain/errors'
import type { RecordStore, Write } from '#src/ports/record-store'
import { logRecord } from '../sample-records.ts'

interface Acknowledged {
  /** 0: deleted. */
  readonly version: number
  readonly line: string
}

export class AcknowledgedWrites {
  /** Of each record, the last state that was acknowledged, and states whose commit had no answer after that. */
  readonly #states = new Map<string, { last: Acknowledged; doubtful: Acknowledged[] }>()
  acknowledged = 0
  refused = 0
  running = true

  /** Must be called before the test ends, however it ends. */
  stop(): void {
    this.running = false
  }

  /** Inserts, updates and deletes records of its own until it is stopped. */
  async write(store: RecordStore, name: string): Promise<void> {
    for (let index = 0; this.running; index += 1) {
      const id = `${name}-${String(index).padStart(6, '0')}`
      const pair = `${id}-pair`
      const insert = (of: string): Write => ({
        op: 'insert',
        collection: 'log',
        record: logRecord(of, 'job_1', ['0']),
      })
      if (!(await this.#commit(store, [insert(id), insert(pair)]))) continue
      for (let version = 1; version <= index % 4; version += 1) {
        const record = logRecord(id, `job_${version}`, [String(version)])
        await this.#commit(store, [{ op: 'update', collection: 'log', record, version }])
      }
      if (index % 3 === 0) {
        await this.#commit(store, [{ op: 'delete', collection: 'log', id: pair }])
      }
    }
  }

  /** Reads records that are known to exist: they must never be missing. */
  async read(store: RecordStore): Promise<number> {
    let reads = 0
    for (let turn = 0; this.running; turn += 1) {
      const live = [...this.#states].filter(
        ([, { last, doubtful }]) => last.version > 0 && doubtful.length === 0,
      )
      const [id] = live[(turn * 7919) % Math.max(live.length, 1)] ?? []
      if (id === undefined || id.endsWith('pair')) {
        await pause()
        continue
      }
      try {
        const found = await store.get('log', id)
        if (found === null) throw new Error(`${id} was acknowledged and is missing`)
        reads += 1
      } catch (error) {
        if (!isUnavailable(error)) throw error
        await pause()
      }
    }
    return reads
  }

  /** Everything acknowledged is there with its version, everything deleted is not, and lists agree. */
  async verify(store: RecordStore): Promise<void> {
    const wrong: string[] = []
    for (const [id, { last, doubtful }] of this.#states) {
      const found = await store.get('log', id)
      const state = { version: found?.version ?? 0, line: found?.record.lines[0] ?? '' }
      const allowed = [last, ...doubtful].map((one) => JSON.stringify(one))
      if (!allowed.includes(JSON.stringify(state))) {
        wrong.push(`${id} is ${JSON.stringify(state)}, not ${allowed.join(' or ')}`)
      }
    }
    expect(wrong).toEqual([])
    const certain = [...this.#states].filter(([, { doubtful }]) => doubtful.length === 0)
    const live = new Set(
      (await store.list('log', { limit: 1_000_000 })).map(({ record }) => record.id),
    )
    const mistaken = certain.filter(([id, { last }]) => live.has(id) !== last.version > 0)
    expect(mistaken.map(([id]) => id)).toEqual([])
    expect(await store.count('log', {})).toBe(live.size)
  }

  async #commit(store: RecordStore, writes: readonly Write[]): Promise<boolean> {
    try {
      if (!(await store.commit(writes))) {
        // The condition of a commit of ours fails only if an earlier one without an answer was applied.
        expect(writes.some((write) => this.#isDoubtful(write))).toBe(true)
        return false
      }
      for (const write of writes) {
        const { id, state } = outcome(write)
        this.#states.set(id, { last: state, doubtful: [] })
      }
      this.acknowledged += 1
      return true
    } catch (error) {
      if (!isUnavailable(error)) throw error
      for (const write of writes) {
        const { id, state } = outcome(write)
        const known = this.#states.get(id) ?? { last: { version: 0, line: '' }, doubtful: [] }
        this.#states.set(id, { ...known, doubtful: [...known.doubtful, state] })
      }
      this.refused += 1
      await pause()
      return false
    }
  }

  #isDoubtful(write: Write): boolean {
    return (this.#states.get(outcome(write).id)?.doubtful.length ?? 0) > 0
  }
}

function outcome(write: Write): { readonly id: string; readonly state: Acknowledged } {
  if (write.op === 'delete') return { id: write.id, state: { version: 0, line: '' } }
  if (write.collection !== 'log') throw new Error('only records of logs are written here')
  const version = write.op === 'insert' ? 1 : write.version + 1
  return { id: write.record.id, state: { version, line: write.record.lines[0]! } }
}

/** What fails at once would otherwise be tried again before anything else can happen. */
async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1))
}

function isUnavailable(error: unknown): boolean {
  return error instanceof TersorError && error.code === 'unavailable'
}
