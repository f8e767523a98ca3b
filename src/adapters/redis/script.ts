// Lua scripts: sent by their hash, and in full when the server does not know them, as after a restart.

import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { redisError } from './redis-error.ts'

export interface RedisScript {
  readonly lua: string
  readonly sha1: string
}

export function redisScript(lua: string): RedisScript {
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') }
}

/** Runs the script in one round trip. `key` names the slot in which all its keys lie. */
export async function runScript(
  redis: Redis,
  script: RedisScript,
  key: string,
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(script.sha1, 1, key, ...args)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw redisError(error)
  }
  try {
    return await redis.eval(script.lua, 1, key, ...args)
  } catch (error) {
    throw redisError(error)
  }
}
