// Scripts of claims: who is next, and how long a claim holds. Their first arguments are the prefix and the kind.

import { PRELUDE } from './bullmq-prelude.ts'

/**
 * accelerators (each after a comma, and one at the end), memory, revision, places, token, lease →
 * 'lane', lane, time: a place is taken and what waits there may be claimed;
 * 'late', time, lanes whose leases ran out: they want recovery first;
 * 'none', milliseconds until something may become claimable by time ('' = never).
 */
const PICK = `
local accelerators, memory, revision = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local limit, token, lease = tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8])
local time = clock()

local late = call('ZRANGEBYSCORE', key('leases'), '-inf', time, 'LIMIT', 0, 32)
if #late > 0 then
  local answer = { 'late', time }
  for _, held in ipairs(late) do
    local where = call('HGET', key('lease'), held)
    if where then table.insert(answer, string.match(where, '^[^\\n]*'))
    else call('ZREM', key('leases'), held) end
  end
  return answer
end

local function serves(lane)
  local accelerator, bytes, least = string.match(lane, '^[^|]*|([^|]*)|([^|]*)|([^|]*)|')
  return (accelerator == 'any' or string.find(accelerators, ',' .. accelerator .. ',', 1, true))
    and tonumber(bytes) <= memory and tonumber(least) <= revision
end
-- Priority (0 = before all) and id of what is served first, and when the next delayed entry is due.
local function head(lane)
  if call('LLEN', laneKey(lane, 'wait')) > 0 then return 0, call('LINDEX', laneKey(lane, 'wait'), -1) end
  local priority, id, due
  local first = call('ZRANGE', laneKey(lane, 'prioritized'), 0, 0, 'WITHSCORES')
  if first[1] then priority, id = math.floor(first[2] / 4294967296), first[1] end
  local later = call('ZRANGE', laneKey(lane, 'delayed'), 0, 0, 'WITHSCORES')
  if later[1] then
    local at = math.floor(later[2] / 4096)
    if at > time then
      due = at
    else
      local rank = tonumber(call('HGET', laneKey(lane, later[1]), 'priority') or 0)
      if not priority or rank < priority then priority, id = rank, later[1] end
    end
  end
  return priority, id, due
end
local function arrival(lane, id) return tonumber(call('HGET', laneKey(lane, id), 'timestamp') or 0) end

for _, group in ipairs(call('ZRANGEBYSCORE', key('asleep'), '-inf', time)) do wake(group) end
for _, group in ipairs(call('ZRANGE', key('awake'), 0, -1)) do
  local held = placesOf(group)
  if call('ZCOUNT', held, '(' .. time, '+inf') >= limit then
    sleep(group, call('ZRANGEBYSCORE', held, '(' .. time, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2])
  else
    local best, bestRank, bestId
    local waiting, due = false, '+inf'
    for _, lane in ipairs(call('SMEMBERS', lanesOf(group))) do
      local rank, id, at = head(lane)
      if at and (due == '+inf' or at < due) then due = at end
      if rank then
        waiting = true
        if serves(lane) and (not best or rank < bestRank
          or (rank == bestRank and arrival(lane, id) < arrival(best, bestId))) then
          best, bestRank, bestId = lane, rank, id
        end
      end
    end
    if best then
      call('HDEL', key('turn'), group)
      wake(group)
      hold(best, '', token, time + lease + 1)
      return { 'lane', best, time }
    end
    if not waiting then sleep(group, due) end
  end
end

local next = call('ZRANGE', key('asleep'), 0, 0, 'WITHSCORES')[2]
local expiry = call('ZRANGE', key('leases'), 0, 0, 'WITHSCORES')[2]
local soonest = math.min(tonumber(next or math.huge), tonumber(expiry or math.huge))
if soonest == math.huge then return { 'none', '' } end
return { 'none', math.max(soonest - time, 0) }
`

/** lane, token, lease; after BullMQ's moveToActive → the BullMQ id of what it moved, or nothing: the place is free again. */
const CONFIRM = `
local lane, token, lease = ARGV[3], ARGV[4], tonumber(ARGV[5])
local jobId = call('LINDEX', laneKey(lane, 'active'), 0)
if jobId and call('GET', laneKey(lane, jobId) .. ':lock') == token then
  hold(lane, jobId, token, clock() + lease + 1)
  return jobId
end
letGo(lane, token)
tidy(lane)
return false
`

/** lane, BullMQ id, token, lease; after BullMQ's extendLock. */
const PROLONG = `
local lane, jobId, token, lease = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
if call('GET', laneKey(lane, jobId) .. ':lock') ~= token then return 0 end
hold(lane, jobId, token, clock() + lease + 1)
return 1
`

/** lanes …; after BullMQ put their entries without a lock back. A lease that BullMQ's lock outlives is as long as the lock. */
const REAP = `
local time = clock()
local mine = {}
for index = 3, #ARGV do mine[ARGV[index]] = true end
for _, token in ipairs(call('ZRANGEBYSCORE', key('leases'), '-inf', time)) do
  local lane, jobId = string.match(call('HGET', key('lease'), token) or '', '^([^\\n]*)\\n(.*)$')
  if lane and mine[lane] then
    local lock = laneKey(lane, jobId) .. ':lock'
    if jobId ~= '' and call('GET', lock) == token then
      hold(lane, jobId, token, time + math.max(call('PTTL', lock), 0) + 1)
    else
      letGo(lane, token)
      tidy(lane)
    end
  end
end
ring()
`

export const CLAIM_SCRIPTS = {
  pick: PRELUDE + PICK,
  confirm: PRELUDE + CONFIRM,
  prolong: PRELUDE + PROLONG,
  reap: PRELUDE + REAP,
} as const
