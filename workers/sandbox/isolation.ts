// What this machine offers to confine a child: limits by the shell, a network namespace, death with its parent.

import { spawn } from 'node:child_process'

export interface Isolation {
  /** Commands before `node`: each sets something and executes the next. */
  readonly prefix: readonly string[]
  readonly network: boolean
  readonly parentDeath: boolean
}

// As root no user namespace is needed; others get one, if the kernel lets them.
const NETWORK: readonly (readonly string[])[] = [
  ['unshare', '--net', '--'],
  ['unshare', '--user', '--map-root-user', '--net', '--'],
]
const PARENT_DEATH = ['setpriv', '--pdeathsig', 'KILL', '--'] as const

/** Tries each means once on `true`. */
export async function detectIsolation(): Promise<Isolation> {
  let network: readonly string[] = []
  for (const command of NETWORK) {
    if (!(await succeeds([...command, 'true']))) continue
    network = command
    break
  }
  const parentDeath = await succeeds([...PARENT_DEATH, 'true'])
  const prefix = [...network, ...(parentDeath ? PARENT_DEATH : [])]
  return { prefix, network: network.length > 0, parentDeath }
}

function succeeds([command, ...parameters]: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command ?? 'false', parameters, { stdio: 'ignore' })
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })
}
