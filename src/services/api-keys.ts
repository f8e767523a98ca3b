// API keys: `tsr_` + 32 base-62 characters + a 6-character checksum. Stored as a hash, shown once.

import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { newId } from '#src/domain/id'
import type { ApiKeyRecord } from '#src/domain/records'
import { timestamp } from '#src/ports/clock'
import type { ServiceContext } from './service-context.ts'

export const SCOPES = ['read', 'write'] as const
export type Scope = (typeof SCOPES)[number]

/** Tenant of whoever calls while no key exists, and of keys that name none. */
export const DEFAULT_TENANT = 'default'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_CHARACTERS = 32
const CHECKSUM_CHARACTERS = 6
const KEY = new RegExp(`^tsr_[0-9A-Za-z]{${RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}$`, 'u')

type KeyContext = Pick<ServiceContext, 'records' | 'clock'>

export interface NewKey {
  readonly name: string
  readonly tenant: string
  readonly scopes: readonly Scope[]
}

/** `key` is the only copy there will ever be. */
export async function createApiKey(
  context: KeyContext,
  { name, tenant, scopes }: NewKey,
): Promise<{ readonly key: string; readonly record: ApiKeyRecord }> {
  const random = randomBase62(RANDOM_CHARACTERS)
  const key = `tsr_${random}${checksum(random)}`
  const record: ApiKeyRecord = {
    id: newId('key', context.clock.now()),
    tenant,
    name,
    hash: hashOf(key),
    last4: key.slice(-4),
    scopes,
    created_at: timestamp(context.clock),
    revoked_at: null,
  }
  await context.records.commit([{ op: 'insert', collection: 'api_key', record }])
  return { key, record }
}

/** The key's record, or `null` when it is none of ours or was revoked. */
export async function findApiKey(context: KeyContext, key: string): Promise<ApiKeyRecord | null> {
  if (!KEY.test(key) || checksum(key.slice(4, 4 + RANDOM_CHARACTERS)) !== key.slice(-6)) return null
  const [found] = await context.records.list('api_key', { where: { hash: hashOf(key) }, limit: 1 })
  return found === undefined || found.record.revoked_at !== null ? null : found.record
}

/** Whether a key was ever created; a revoked one still closes the door. */
export async function anyApiKey(context: KeyContext): Promise<boolean> {
  return (await context.records.list('api_key', { limit: 1 })).length > 0
}

/** All keys of all tenants, oldest first. */
export async function listApiKeys(context: KeyContext): Promise<readonly ApiKeyRecord[]> {
  const found = await context.records.list('api_key', { order: 'ascending', limit: 1000 })
  return found.map(({ record }) => record)
}

/** False when there is no such key; revoking twice changes nothing. */
export async function revokeApiKey(context: KeyContext, id: string): Promise<boolean> {
  const found = await context.records.get('api_key', id)
  if (found === null) return false
  if (found.record.revoked_at !== null) return true
  const record = { ...found.record, revoked_at: timestamp(context.clock) }
  return await context.records.commit([
    { op: 'update', collection: 'api_key', record, version: found.version },
  ])
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

function checksum(text: string): string {
  return base62(crc32(text), CHECKSUM_CHARACTERS)
}

function base62(value: number, width: number): string {
  let rest = value
  let digits = ''
  while (rest > 0) {
    digits = (BASE62[rest % 62] ?? '') + digits
    rest = Math.floor(rest / 62)
  }
  return digits.padStart(width, '0')
}

/** Bytes above 247 are drawn again, so that all 62 characters are equally likely. */
function randomBase62(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += BASE62[byte % 62] ?? ''
    }
  }
  return text
}
