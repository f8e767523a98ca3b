// Scripts of entries: where they lie, how they come and go. Their first arguments are the prefix and the kind.

import { PRELUDE } from './bullmq-prelude.ts'

/** id, BullMQ id → time, lane ('' = no such entry). What is active with neither lock nor lease is due for recovery. */
const FIND = `
local id, jobId = ARGV[3], ARGV[4]
local time = clock()
local lane = call('HGET', key('entries'), id)
if not lane then return { time, '' } end
if call('EXISTS', laneKey(lane, jobId)) == 0 then
  call('HDEL', key('entries'), id)
  return { time, '' }
end
call('SADD', lanesOf(groupOf(lane)), lane)
wake(groupOf(lane))
if call('EXISTS', laneKey(lane, jobId) .. ':lock') == 0 and call('LPOS', laneKey(lane, 'active'), jobId) then
  hold(lane, jobId, 'orphan ' .. jobId, time)
end
return { time, lane }
`

/** lane, id, BullMQ id; after BullMQ's add → 0 when the entry lies in another lane already. */
const ADMIT = `
local lane, id, jobId = ARGV[3], ARGV[4], ARGV[5]
local before = call('HGET', key('entries'), id)
if before and before ~= lane and call('EXISTS', laneKey(before, jobId)) == 1 then return 0 end
call('HSET', key('entries'), id, lane)
call('SADD', lanesOf(groupOf(lane)), lane)
wake(groupOf(lane))
ring()
return 1
`

/** lane, id, BullMQ id, token ('' = none); after BullMQ took the entry out or gave it back. */
const SETTLE = `
local lane, id, jobId, token = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if call('LPOS', laneKey(lane, 'active'), jobId) then return 0 end
if token ~= '' then letGo(lane, token) end
if call('EXISTS', laneKey(lane, jobId)) == 0 and call('HGET', key('entries'), id) == lane then
  call('HDEL', key('entries'), id)
end
tidy(lane)
ring()
return 1
`

/** lane, BullMQ id → nothing, or how many of its group come before, then every group with its turn and what waits. */
const PLACE = `
local lane, jobId = ARGV[3], ARGV[4]
local function count(lane, part)
  return call(part == 'wait' and 'LLEN' or 'ZCARD', laneKey(lane, part))
end
local SPAN = 4294967296
local priority = tonumber(call('HGET', laneKey(lane, jobId), 'priority') or 0)
local arrived = tonumber(call('HGET', laneKey(lane, jobId), 'timestamp') or 0)
local place = call('LPOS', laneKey(lane, 'wait'), jobId)
local ahead
if place then
  ahead = count(lane, 'wait') - 1 - place
else
  ahead = call('ZRANK', laneKey(lane, 'prioritized'), jobId)
  if not ahead then
    ahead = call('ZRANK', laneKey(lane, 'delayed'), jobId)
    if ahead then
      ahead = ahead + count(lane, 'prioritized')
    elseif call('EXISTS', laneKey(lane, jobId)) == 1
      and call('EXISTS', laneKey(lane, jobId) .. ':lock') == 0 then
      ahead = 0
    else
      return false
    end
  end
  ahead = ahead + count(lane, 'wait')
end
-- Of other lanes: all of higher priority, and those of equal priority that came earlier (they stand in order of arrival).
for _, other in ipairs(call('SMEMBERS', lanesOf(groupOf(lane)))) do
  if other ~= lane then
    local from = call('ZCOUNT', laneKey(other, 'prioritized'), '-inf', '(' .. string.format('%.0f', priority * SPAN))
    local to = call('ZCOUNT', laneKey(other, 'prioritized'), '-inf', '(' .. string.format('%.0f', (priority + 1) * SPAN))
    while from < to do
      local middle = math.floor((from + to) / 2)
      local id = call('ZRANGE', laneKey(other, 'prioritized'), middle, middle)[1]
      if tonumber(call('HGET', laneKey(other, id), 'timestamp') or 0) < arrived then
        from = middle + 1
      else
        to = middle
      end
    end
    ahead = ahead + count(other, 'wait') + from
  end
end
local answer = { ahead, groupOf(lane) }
local turns = call('HGETALL', key('turn'))
for index = 1, #turns, 2 do
  local waiting = 0
  for _, other in ipairs(call('SMEMBERS', lanesOf(turns[index]))) do
    waiting = waiting + count(other, 'wait') + count(other, 'prioritized') + count(other, 'delayed')
  end
  if waiting > 0 then
    table.insert(answer, turns[index])
    table.insert(answer, turns[index + 1])
    table.insert(answer, waiting)
  end
end
return answer
`

/** → all entries, those under a lease. */
const DEPTH = `
return { call('HLEN', key('entries')), call('ZCOUNT', key('leases'), '(' .. clock(), '+inf') }
`

/** Wakes every group, should a wake-up ever have been missed. */
const MEND = `
for _, group in ipairs(call('HKEYS', key('turn'))) do wake(group) end
`

export const ENTRY_SCRIPTS = {
  find: PRELUDE + FIND,
  admit: PRELUDE + ADMIT,
  settle: PRELUDE + SETTLE,
  place: PRELUDE + PLACE,
  depth: PRELUDE + DEPTH,
  mend: PRELUDE + MEND,
} as const
