// The Lua scripts of the Redis records. Each is one round trip and runs alone: Redis executes nothing meanwhile.
//
// Keys, all under one prefix and in one slot (the prefix has a hash tag):
//   P:r:COLLECTION:ID            hash: v version, d document, s number of its last commit, x names of its index sets
//   P:a:COLLECTION               ids of all records: sorted set with equal scores, hence in order of id
//   P:i:COLLECTION:FIELD:VALUE   ids of the records with this value, likewise
//   P:epoch                      hash, only where records are guarded: present while Redis holds all of them
//   P:seq                        number of the last commit
//   P:dirty                      sorted set of COLLECTION:ID by commit: not in the journal yet
//   P:gone                       sorted set of COLLECTION:ID by commit: deleted
//   P:recovery, P:lock, P:offered  see recovery-scripts.ts

import { redisScript } from '../redis/script.ts'

/** What a script answers where the records are guarded and Redis does not hold all of them. */
export const NOT_WHOLE = -2
export const CONDITION_FAILED = -1

/** Brings a record and its index sets to a new state; the last argument `''` of a deletion is unused. */
export const SET_RECORD = `
local function forget_indexes(p, collection, id, names)
  for name in string.gmatch(names or '', '[^\\n]+') do
    redis.call('ZREM', p .. ':i:' .. collection .. ':' .. name, id)
  end
end
local function remove_record(p, collection, id)
  local key = p .. ':r:' .. collection .. ':' .. id
  local names = redis.call('HGET', key, 'x')
  if not names then return end
  forget_indexes(p, collection, id, names)
  redis.call('ZREM', p .. ':a:' .. collection, id)
  redis.call('DEL', key)
end
local function set_record(p, collection, id, version, sequence, document, names)
  local key = p .. ':r:' .. collection .. ':' .. id
  local old = redis.call('HGET', key, 'x')
  if old ~= names then
    forget_indexes(p, collection, id, old)
    for name in string.gmatch(names, '[^\\n]+') do
      redis.call('ZADD', p .. ':i:' .. collection .. ':' .. name, 0, id)
    end
  end
  if not old then redis.call('ZADD', p .. ':a:' .. collection, 0, id) end
  redis.call('HSET', key, 'v', version, 'd', document, 's', sequence, 'x', names)
end
`

/** KEYS: prefix. ARGV: guarded (1/0), then per write: op, collection, id, version, journaled (1/0), document, index names. */
export const COMMIT = redisScript(`
${SET_RECORD}
local p = KEYS[1]
local guarded = ARGV[1] == '1'
if guarded and redis.call('EXISTS', p .. ':epoch') == 0 then return ${NOT_WHOLE} end
local versions, deletes_only = {}, true
for i = 2, #ARGV, 7 do
  local op, key = ARGV[i], p .. ':r:' .. ARGV[i + 1] .. ':' .. ARGV[i + 2]
  local version = versions[key] or tonumber(redis.call('HGET', key, 'v')) or 0
  if op == 'insert' then
    if version ~= 0 then return ${CONDITION_FAILED} end
    versions[key] = 1
  elseif op == 'update' then
    if version == 0 or version ~= tonumber(ARGV[i + 3]) then return ${CONDITION_FAILED} end
    versions[key] = version + 1
  else
    versions[key] = 0
  end
  deletes_only = deletes_only and op == 'delete'
end
if deletes_only then
  -- A full Redis refuses scripts that begin by adding something; it must be possible to make room.
  for i = 2, #ARGV, 7 do remove_record(p, ARGV[i + 1], ARGV[i + 2]) end
end
local sequence = redis.call('INCR', p .. ':seq')
local stamp = string.format('%.0f', sequence)
for i = 2, #ARGV, 7 do
  local op, collection, id = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local member = collection .. ':' .. id
  if op == 'delete' then
    remove_record(p, collection, id)
    if guarded then redis.call('ZADD', p .. ':gone', stamp, member) end
  else
    local version = op == 'insert' and 1 or tonumber(ARGV[i + 3]) + 1
    set_record(p, collection, id, version, stamp, ARGV[i + 5], ARGV[i + 6])
  end
  if guarded and ARGV[i + 4] == '1' then redis.call('ZADD', p .. ':dirty', stamp, member) end
end
return sequence
`)

/** KEYS: prefix. ARGV: guarded, collection, id. Answers {version, document}, or false. */
export const GET = redisScript(`
local p = KEYS[1]
if ARGV[1] == '1' and redis.call('EXISTS', p .. ':epoch') == 0 then return ${NOT_WHOLE} end
local row = redis.call('HMGET', p .. ':r:' .. ARGV[2] .. ':' .. ARGV[3], 'v', 'd')
return row[1] and row
`)

const SETS = `
local function sets_of(p, collection, first)
  local sets = {}
  for i = first, #ARGV do sets[#sets + 1] = p .. ':i:' .. collection .. ':' .. ARGV[i] end
  if #sets == 0 then sets[1] = p .. ':a:' .. collection end
  return sets
end
`

/** Rows and ids after which a script that has not met its limit gives Redis back to others. */
export const MOST_ROWS = 500
const MOST_IDS = 2000

/**
 * KEYS: prefix. ARGV: guarded, collection, asc/desc, lower and upper bound as ZRANGEBYLEX takes them, limit, index names.
 * The smallest set drives, the others filter. Answers {id to go on after, or '', {version, document, version, …}}.
 */
export const LIST = redisScript(`
${SETS}
local p, collection, ascending = KEYS[1], ARGV[2], ARGV[3] == 'asc'
if ARGV[1] == '1' and redis.call('EXISTS', p .. ':epoch') == 0 then return ${NOT_WHOLE} end
local lower, upper, limit = ARGV[4], ARGV[5], math.min(tonumber(ARGV[6]), ${MOST_ROWS})
local sets = sets_of(p, collection, 7)
local drive, least = 1, redis.call('ZCARD', sets[1])
for i = 2, #sets do
  local size = redis.call('ZCARD', sets[i])
  if size < least then drive, least = i, size end
end
local rows, scanned, last = {}, 0, ''
local step = #sets == 1 and limit or math.max(limit, 100)
while scanned < ${MOST_IDS} do
  local ids
  if ascending then
    ids = redis.call('ZRANGEBYLEX', sets[drive], lower, upper, 'LIMIT', 0, step)
  else
    ids = redis.call('ZREVRANGEBYLEX', sets[drive], upper, lower, 'LIMIT', 0, step)
  end
  for _, id in ipairs(ids) do
    local matches = true
    for i = 1, #sets do
      if matches and i ~= drive then matches = redis.call('ZSCORE', sets[i], id) end
    end
    if matches then
      local row = redis.call('HMGET', p .. ':r:' .. collection .. ':' .. id, 'v', 'd')
      rows[#rows + 1] = row[1]
      rows[#rows + 1] = row[2]
    end
    last = id
    if #rows >= 2 * limit then return {last, rows} end
  end
  if #ids < step then return {'', rows} end
  if ascending then lower = '(' .. last else upper = '(' .. last end
  scanned = scanned + #ids
end
return {last, rows}
`)

/** KEYS: prefix. ARGV: guarded, collection, index names. */
export const COUNT = redisScript(`
${SETS}
local p = KEYS[1]
if ARGV[1] == '1' and redis.call('EXISTS', p .. ':epoch') == 0 then return ${NOT_WHOLE} end
local sets = sets_of(p, ARGV[2], 3)
if #sets == 1 then return redis.call('ZCARD', sets[1]) end
return redis.call('ZINTERCARD', #sets, unpack(sets))
`)
