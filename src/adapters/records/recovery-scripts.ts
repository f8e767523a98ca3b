// The Lua scripts that find out whether Redis holds all records, bring back those it lost, and mark them as journaled.
//
// P:epoch {id, run} is set when Redis is known to hold all records, and names the run of the server that was asked. It
// is gone once Redis was emptied; another run may have come back with an older state. In both cases a recovery begins:
// P:recovery {round, from}: `from` is the number of the last commit that Redis still has. Numbers are dense in time, so
// that what was lost has higher ones. P:offered holds the processes that have given back what they remember.

import { redisScript } from '../redis/script.ts'
import { SET_RECORD } from './redis-scripts.ts'

/** The recovery that the caller takes part in is over, or was itself wiped out. */
export const OTHER_ROUND = -3

/**
 * After a recovery, numbers go on this much higher: what a process that slept through it still remembers is older than
 * whatever was written since.
 */
const GAP = 2 ** 20

/** A full Redis refuses scripts that begin by adding something, not those that begin by removing. */
const EVEN_WHEN_FULL = `redis.call('DEL', KEYS[1] .. ':nothing')`

const SERVER_RUN = `
local function server_run()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
end
`

/** KEYS: prefix. ARGV: name for the round, should one begin now. Answers {epoch id} or {false, round, from, server's age in s}. */
export const STATE = redisScript(`
${SERVER_RUN}
local p = KEYS[1]
local epoch = redis.call('HMGET', p .. ':epoch', 'id', 'run')
if epoch[1] and epoch[2] == server_run() then return {epoch[1]} end
if epoch[1] then redis.call('DEL', p .. ':epoch') end
${EVEN_WHEN_FULL}
if redis.call('HSETNX', p .. ':recovery', 'round', ARGV[1]) == 1 then
  redis.call('HSET', p .. ':recovery', 'from', redis.call('GET', p .. ':seq') or '0')
  redis.call('DEL', p .. ':offered', p .. ':lock')
end
local recovery = redis.call('HMGET', p .. ':recovery', 'round', 'from')
local age = string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)')
return {'', recovery[1], recovery[2], age}
`)

/**
 * KEYS: prefix. ARGV: round, source (journal/process), then per record: sequence, collection, id, version, journaled
 * (1/0), document, index names. The higher sequence wins.
 *
 * What a process offers after the recovery it missed gets a number of its own, as a commit of now, so that the records
 * with numbers up to any given one stay what Redis held at one moment.
 */
export const RESTORE = redisScript(`
${SET_RECORD}
${EVEN_WHEN_FULL}
local p, source = KEYS[1], ARGV[2]
local late = redis.call('EXISTS', p .. ':epoch') == 1
if late and source == 'journal' then return ${OTHER_ROUND} end
if not late and redis.call('HGET', p .. ':recovery', 'round') ~= ARGV[1] then return ${OTHER_ROUND} end
local top, taken = tonumber(redis.call('GET', p .. ':seq') or '0'), 0
for i = 3, #ARGV, 7 do
  local sequence, collection, id = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2]
  local member = collection .. ':' .. id
  local present = tonumber(redis.call('HGET', p .. ':r:' .. member, 's')) or 0
  local gone = tonumber(redis.call('ZSCORE', p .. ':gone', member)) or 0
  if sequence > present and sequence > gone then
    local stamp = ARGV[i]
    if late then
      top = top + 1
      stamp = string.format('%.0f', top)
    elseif sequence > top then
      top = sequence
    end
    if ARGV[i + 3] == '0' then
      remove_record(p, collection, id)
      redis.call('ZADD', p .. ':gone', stamp, member)
    else
      set_record(p, collection, id, ARGV[i + 3], stamp, ARGV[i + 5], ARGV[i + 6])
    end
    if source == 'process' and ARGV[i + 4] == '1' then redis.call('ZADD', p .. ':dirty', stamp, member) end
    taken = taken + 1
  end
end
redis.call('SET', p .. ':seq', string.format('%.0f', top))
return taken
`)

/** KEYS: prefix. ARGV: round, process. Says that a process has offered all it remembers. */
export const OFFERED = redisScript(`
${EVEN_WHEN_FULL}
local p = KEYS[1]
if redis.call('HGET', p .. ':recovery', 'round') ~= ARGV[1] then return ${OTHER_ROUND} end
return redis.call('SADD', p .. ':offered', ARGV[2])
`)

/** KEYS: prefix. ARGV: round, lock token. Answers 1 when the epoch begins, which has the name of the round. */
export const BEGIN_EPOCH = redisScript(`
${SERVER_RUN}
local p = KEYS[1]
if redis.call('GET', p .. ':lock') ~= ARGV[2] then return 0 end
if redis.call('HGET', p .. ':recovery', 'round') ~= ARGV[1] then return 0 end
${EVEN_WHEN_FULL}
redis.call('INCRBY', p .. ':seq', ${GAP})
redis.call('HSET', p .. ':epoch', 'id', ARGV[1], 'run', server_run())
redis.call('DEL', p .. ':recovery', p .. ':offered', p .. ':lock')
return 1
`)

/** KEYS: prefix. ARGV: lock, token, milliseconds. Whether nobody else has the lock. */
export const TAKE_LOCK = redisScript(`
${EVEN_WHEN_FULL}
return redis.call('SET', KEYS[1] .. ':' .. ARGV[1], ARGV[2], 'PX', ARGV[3], 'NX') and 1 or 0
`)

/** KEYS: prefix. ARGV: lock, token, milliseconds. Whether the lock is still the caller's, and is for so long. */
export const HOLD_LOCK = redisScript(`
local key = KEYS[1] .. ':' .. ARGV[1]
if redis.call('GET', key) ~= ARGV[2] then return 0 end
return redis.call('PEXPIRE', key, ARGV[3])
`)

/** KEYS: prefix. ARGV: pairs of COLLECTION:ID and sequence that the journal holds now. */
export const JOURNALED = redisScript(`
local dirty = KEYS[1] .. ':dirty'
for i = 1, #ARGV, 2 do
  local sequence = tonumber(redis.call('ZSCORE', dirty, ARGV[i]))
  if sequence and sequence <= tonumber(ARGV[i + 1]) then redis.call('ZREM', dirty, ARGV[i]) end
end
return 0
`)

const ROW = `
local function row_of(p, member, sequence)
  local row = redis.call('HMGET', p .. ':r:' .. member, 's', 'v', 'd')
  if row[1] then return {member, row[1], row[2], row[3]} end
  return {member, sequence, '0', ''}
end
`

/**
 * KEYS: prefix. ARGV: lowest and highest sequence, limit. Records that are not in the journal, oldest first.
 * Answers {sequence to go on from or '', rows of COLLECTION:ID, sequence, version, document}.
 */
export const UNJOURNALED = redisScript(`
${ROW}
local p, rows, limit = KEYS[1], {}, tonumber(ARGV[3])
local found = redis.call('ZRANGEBYSCORE', p .. ':dirty', ARGV[1], ARGV[2], 'WITHSCORES', 'LIMIT', 0, limit)
for i = 1, #found, 2 do rows[#rows + 1] = row_of(p, found[i], found[i + 1]) end
if #rows < limit then return {'', rows} end
local last = found[#found]
if last == ARGV[1] then last = string.format('%.0f', tonumber(last) + 1) end
return {last, rows}
`)

/** KEYS: prefix. ARGV: epoch id, collection, id to go on after or '', limit. Rows as above; OTHER_ROUND in another epoch. */
export const DUMP = redisScript(`
${ROW}
local p, rows = KEYS[1], {}
if redis.call('HGET', p .. ':epoch', 'id') ~= ARGV[1] then return ${OTHER_ROUND} end
local lower = ARGV[3] == '' and '-' or '(' .. ARGV[3]
local ids = redis.call('ZRANGEBYLEX', p .. ':a:' .. ARGV[2], lower, '+', 'LIMIT', 0, ARGV[4])
for _, id in ipairs(ids) do rows[#rows + 1] = row_of(p, ARGV[2] .. ':' .. id, '0') end
return rows
`)

/** Deletions that are remembered: more than a journal that lags behind could still bring back. */
const MOST_GONE = 50_000

/** KEYS: prefix. ARGV: epoch id. Deleted records with the sequence of their deletion; forgets all but the newest. */
export const DUMP_GONE = redisScript(`
local p = KEYS[1]
if redis.call('HGET', p .. ':epoch', 'id') ~= ARGV[1] then return ${OTHER_ROUND} end
redis.call('ZREMRANGEBYRANK', p .. ':gone', 0, -${MOST_GONE + 1})
return redis.call('ZRANGE', p .. ':gone', 0, -1, 'WITHSCORES')
`)
