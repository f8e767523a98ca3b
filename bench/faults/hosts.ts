// Hosts of one machine: network namespaces on a bridge, each with an address of its own. Needs root and `ip`.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ip = async (...words: string[]): Promise<void> => {
  await run('ip', words)
}

export interface Host {
  readonly name: string
  readonly address: string
  /** Words before a command that is to run there. */
  readonly launcher: readonly string[]
  cut(): Promise<void>
  restore(): Promise<void>
}

export interface Network {
  readonly hosts: readonly Host[]
  /** Addresses of the bridge itself, for servers of this machine's own namespace. */
  readonly servers: readonly string[]
  /** All of them. */
  readonly cidr: string
  close(): Promise<void>
}

/** Names of interfaces have at most 15 characters. */
const NAME = `tsr${process.pid % 10_000}`
const SUBNET = '10.77.0'
const FIRST_HOST = 20

export async function openNetwork(names: readonly string[], servers: number): Promise<Network> {
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const one of closers.toReversed()) await one().catch(() => undefined)
  }
  try {
    await ip('link', 'add', NAME, 'type', 'bridge')
    closers.push(() => ip('link', 'del', NAME))
    const addresses = Array.from({ length: servers }, (_, index) => `${SUBNET}.${index + 1}`)
    for (const address of addresses) await ip('addr', 'add', `${address}/24`, 'dev', NAME)
    await ip('link', 'set', NAME, 'up')
    const hosts: Host[] = []
    for (const [index, name] of names.entries()) hosts.push(await openHost(name, index, closers))
    return { hosts, servers: addresses, cidr: `${SUBNET}.0/24`, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openHost(
  name: string,
  index: number,
  closers: (() => Promise<void>)[],
): Promise<Host> {
  const space = `${NAME}-${name}`
  const outer = `${NAME}v${index}`
  const inner = `${NAME}w${index}`
  const address = `${SUBNET}.${FIRST_HOST + index}`
  await ip('netns', 'add', space)
  closers.push(() => ip('netns', 'del', space))
  await ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner)
  closers.push(() => ip('link', 'del', outer))
  await ip('link', 'set', inner, 'netns', space)
  await ip('link', 'set', outer, 'master', NAME)
  await ip('link', 'set', outer, 'up')
  for (const words of [
    `addr add ${address}/24 dev ${inner}`,
    `link set ${inner} up`,
    'link set lo up',
  ]) {
    await ip('netns', 'exec', space, 'ip', ...words.split(' '))
  }
  return {
    name,
    address,
    launcher: ['ip', 'netns', 'exec', space],
    cut: () => ip('link', 'set', outer, 'down'),
    restore: () => ip('link', 'set', outer, 'up'),
  }
}
