// A server as a child process that never outlives this one.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'

export interface ServerProcess {
  readonly pid: number
  /** What it printed, its last 64 KiB. */
  output(): string
  /** Resolves when it has ended, by itself or by a signal. */
  readonly ended: Promise<void>
  hasEnded(): boolean
  /** Resolves when the process has ended. */
  kill(signal: NodeJS.Signals): Promise<void>
}

export interface ServerCommand {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const KEPT_OUTPUT = 65_536
/** Of util-linux: the kernel kills the child when its parent dies, however it dies. */
const SETPRIV = '/usr/bin/setpriv'

export function startServerProcess({ program, args, env }: ServerCommand): ServerProcess {
  const [command, ...words] = existsSync(SETPRIV)
    ? [SETPRIV, '--pdeathsig', 'KILL', program, ...args]
    : [program, ...args]
  const child = spawn(command, words, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const read = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT)
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  let over = false
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      over = true
      resolve()
    }
    child.once('exit', end)
    child.once('error', (error) => {
      output += error.message
      end()
    })
  })
  return {
    pid: child.pid ?? -1,
    output: () => output,
    ended,
    hasEnded: () => over,
    kill: async (signal) => {
      child.kill(signal)
      await ended
    },
  }
}

/** Waits until `isReady` says so. Throws with the server's words when it ends first or takes too long. */
export async function waitUntilReady(
  server: ServerProcess,
  name: string,
  isReady: () => Promise<boolean> | boolean,
): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!(await isReady())) {
    if (server.hasEnded()) throw new Error(`${name} ended: ${server.output()}`)
    if (performance.now() > deadline) {
      throw new Error(`${name} was not ready in 60 s: ${server.output()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
