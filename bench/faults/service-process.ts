// One process of the service that a fault strikes: started, killed, paused, started again with the same settings.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { descendantsOf } from '#test/support/descendants'

const ENTRIES = {
  api: '../../src/main.js',
  worker: '../../workers/main.js',
  standalone: '../../workers/standalone.js',
} as const

export type Role = keyof typeof ENTRIES

export interface ProcessSettings {
  readonly role: Role
  readonly env: Readonly<Record<string, string>>
  /** Words before `node`, for instance to run it in a network namespace; usually none. */
  readonly launcher?: readonly string[]
}

const READY = /Tersor.* is ready.*\n/
const START_WITHIN_MS = 60_000

export class ServiceProcess {
  readonly role: Role
  readonly #settings: ProcessSettings
  #child: ChildProcess | null = null
  #exited: Promise<number | null> = Promise.resolve(null)
  #output = ''
  #ready = ''

  constructor(settings: ProcessSettings) {
    this.role = settings.role
    this.#settings = settings
  }

  get dataDir(): string {
    return this.#settings.env['TERSOR_DATA_DIR']!
  }

  /** Of an API. The port is another after each start, unless the settings name one. */
  get url(): string {
    const url = /http:\S+/.exec(this.#ready)?.[0]
    if (url === undefined) throw new Error(`${this.role} has no URL: ${this.#ready}`)
    return url
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error(`${this.role} does not run`)
    return pid
  }

  get running(): boolean {
    return this.#child !== null
  }

  /** What it wrote last: for the report of a violation. */
  get lastWords(): string {
    return this.#output.slice(-4000)
  }

  async start(): Promise<void> {
    const program = fileURLToPath(new URL(ENTRIES[this.role], import.meta.url))
    const words = [...(this.#settings.launcher ?? []), process.execPath, program]
    const child = spawn(words[0]!, words.slice(1), {
      env: { PATH: process.env['PATH'], TERSOR_LOG_LEVEL: 'warn', ...this.#settings.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#output = ''
    this.#child = child
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code) => {
        if (this.#child === child) this.#child = null
        resolve(code)
      })
    })
    this.#ready = await this.#firstLine(child)
  }

  #firstLine(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.role} was not ready: ${this.lastWords}`)),
        START_WITHIN_MS,
      )
      const read = (chunk: Buffer): void => {
        this.#output = `${this.#output}${chunk.toString()}`.slice(-100_000)
        const ready = READY.exec(this.#output)?.[0]
        if (ready === undefined) return
        clearTimeout(timer)
        resolve(ready)
      }
      child.stdout?.on('data', read)
      child.stderr?.on('data', read)
      void this.#exited.then((code) => {
        clearTimeout(timer)
        reject(new Error(`${this.role} ended with ${code}: ${this.lastWords}`))
      })
    })
  }

  /** Gives the exit code, `null` after a signal. */
  async kill(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child === null) return null
    this.#child.kill(signal)
    return await this.#exited
  }

  /** Stops its clock, so to speak: it holds what it holds and does nothing. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP')
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  /** Process ids of all its descendants. */
  async descendants(): Promise<readonly number[]> {
    return await descendantsOf(this.pid)
  }
}
