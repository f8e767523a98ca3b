// What this process has committed and the journal may not hold yet. Gathered for a moment, then appended as one batch;
// the next batch follows when the last one is durable.

import type { JournalEntry, JournalLag, RecordJournal } from '#src/ports/record-journal'
import { retryDelay } from '../redis/connection.ts'
import { journalPace } from './journal-pace.ts'
import { RecentEntries, keyOf } from './recent-entries.ts'

export interface JournalTailOptions {
  readonly journal: RecordJournal
  /** How long entries are gathered; `later` for those that are in no hurry. */
  readonly gatherMs: { readonly soon: number; readonly later: number }
  /** Told what the journal holds now. */
  readonly onJournaled: (entries: readonly JournalEntry[]) => Promise<void>
  /** Told why an append failed; it is tried again. */
  readonly onError: (error: unknown) => void
}

/** While the journal is away no more than this is remembered; the rest is marked in Redis and follows from there. */
const MOST_BYTES = 64 * 2 ** 20
const CLOSE_STEP_MS = 50

export class JournalTail {
  readonly #options: JournalTailOptions
  #waiting = new Map<string, JournalEntry>()
  #waitingBytes = 0
  #waitingSince = 0
  #writing: readonly JournalEntry[] = []
  #append: Promise<void> | null = null
  #failures = 0
  #timer: NodeJS.Timeout | null = null
  #due = Infinity
  /** Read back by a rebuild that may have listed the journal too early. */
  readonly #recent = new RecentEntries()
  /** Of the pace `never`, newest state each. */
  readonly #own = new Map<string, JournalEntry>()

  constructor(options: JournalTailOptions) {
    this.#options = options
  }

  add(entries: readonly JournalEntry[]): void {
    let wait = Infinity
    for (const entry of entries) {
      const pace = journalPace(entry)
      if (pace === 'never') {
        this.#keepOwn(entry)
      } else {
        this.#remember(entry)
        wait = Math.min(wait, this.#options.gatherMs[pace])
      }
    }
    if (wait < Infinity) this.#schedule(wait)
  }

  /** Everything that a rebuild could miss. */
  remembered(): readonly JournalEntry[] {
    return [
      ...this.#own.values(),
      ...this.#recent.entries(),
      ...this.#writing,
      ...this.#waiting.values(),
    ]
  }

  lag(): JournalLag {
    const entries = this.#waiting.size + this.#writing.length
    const milliseconds = entries === 0 ? 0 : performance.now() - this.#waitingSince
    return { entries, bytes: this.#waitingBytes, milliseconds }
  }

  /** Whether the last append failed. */
  get failing(): boolean {
    return this.#failures > 0
  }

  /** Appends what waits, for so long at most. What is left then is marked in Redis: another process appends it. */
  async close(milliseconds: number): Promise<void> {
    const deadline = performance.now() + milliseconds
    while (this.#waiting.size + this.#writing.length > 0 && performance.now() < deadline) {
      this.#schedule(0)
      await new Promise((resolve) => setTimeout(resolve, CLOSE_STEP_MS))
    }
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#due = -Infinity
    await this.#append
  }

  #keepOwn(entry: JournalEntry): void {
    if (entry.version === 0) this.#own.delete(keyOf(entry))
    else this.#own.set(keyOf(entry), entry)
  }

  #remember(entry: JournalEntry): void {
    if (this.#waitingBytes > MOST_BYTES) return
    if (this.#waiting.size + this.#writing.length === 0) this.#waitingSince = performance.now()
    const key = keyOf(entry)
    const known = this.#waiting.get(key)
    if (known !== undefined && known.sequence > entry.sequence) return
    this.#waiting.set(key, entry)
    this.#waitingBytes += entry.document.length - (known?.document.length ?? 0)
  }

  #schedule(milliseconds: number): void {
    const due = performance.now() + milliseconds
    if (this.#append !== null || due >= this.#due) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#due = due
    this.#timer = setTimeout(() => {
      this.#due = Infinity
      this.#timer = null
      if (this.#waiting.size > 0) this.#append = this.#appendWaiting()
    }, milliseconds)
  }

  async #appendWaiting(): Promise<void> {
    this.#writing = [...this.#waiting.values()]
    this.#waiting = new Map()
    this.#waitingBytes = 0
    const batch = this.#writing
    const began = performance.now()
    try {
      await this.#options.journal.append(batch)
      this.#failures = 0
      this.#recent.add(batch)
      this.#writing = []
      this.#waitingSince = began
      await this.#options.onJournaled(batch)
    } catch (error) {
      this.#options.onError(error)
      if (this.#writing.length > 0) this.#giveBack()
    } finally {
      this.#append = null
      if (this.#waiting.size > 0) this.#schedule(this.#pause())
    }
  }

  /** The batch waits again, in front of what was committed meanwhile. */
  #giveBack(): void {
    this.#failures += 1
    const newer = this.#waiting
    this.#waiting = new Map(this.#writing.map((entry) => [keyOf(entry), entry]))
    this.#waitingBytes = this.#writing.reduce((sum, entry) => sum + entry.document.length, 0)
    this.#writing = []
    for (const entry of newer.values()) this.#remember(entry)
  }

  #pause(): number {
    if (this.#failures > 0) return retryDelay(this.#failures)
    const soon = [...this.#waiting.values()].some((entry) => journalPace(entry) === 'soon')
    return this.#options.gatherMs[soon ? 'soon' : 'later']
  }
}
