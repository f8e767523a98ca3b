// Scripts that run in Redis beside BullMQ's own: which group is next, who holds its places, in which lane an entry lies.
//
// Keys below the prefix, each with the kind at its end:
//   turn     hash: group → number of its turn; the group served longest ago has the least
//   awake    zset of groups that may have something to claim, by turn
//   asleep   zset of the other groups, by the time at which they may have
//   lanes    set of the lanes of a group
//   entries  hash: id → lane
//   places   zset of the claims of a group, by the time their leases run out
//   leases   zset of all claims of a kind likewise; lease: hash of their lanes and BullMQ ids
// Every script that follows from one of BullMQ's runs in one transaction with it: index and lanes never disagree.

export const PRELUDE = `
local P, kind = ARGV[1], ARGV[2]
local call = redis.call
local function key(name) return P .. ':' .. name .. ':' .. kind end
local function laneKey(lane, part) return P .. ':' .. lane .. ':' .. part end
local function groupOf(lane) return string.match(lane, '^[^|]*|[^|]*|[^|]*|[^|]*|(.*)$') end
local function lanesOf(group) return key('lanes') .. ':' .. group end
local function placesOf(group) return key('places') .. ':' .. group end
local function clock()
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function wake(group)
  local turn = call('HGET', key('turn'), group)
  if not turn then
    turn = call('INCR', P .. ':turns')
    call('HSET', key('turn'), group, turn)
  end
  call('ZADD', key('awake'), turn, group)
  call('ZREM', key('asleep'), group)
end
local function sleep(group, due)
  call('ZREM', key('awake'), group)
  call('ZADD', key('asleep'), due, group)
end
local function hold(lane, id, token, till)
  call('ZADD', key('leases'), till, token)
  call('HSET', key('lease'), token, lane .. '\\n' .. id)
  call('ZADD', placesOf(groupOf(lane)), till, token)
end
local function letGo(lane, token)
  call('ZREM', key('leases'), token)
  call('HDEL', key('lease'), token)
  call('ZREM', placesOf(groupOf(lane)), token)
end
local function tidy(lane)
  local group = groupOf(lane)
  if call('LLEN', laneKey(lane, 'wait')) + call('LLEN', laneKey(lane, 'active'))
    + call('ZCARD', laneKey(lane, 'prioritized')) + call('ZCARD', laneKey(lane, 'delayed')) == 0 then
    for _, part in ipairs({ 'meta', 'id', 'events', 'pc', 'marker', 'stalled', 'stalled-check' }) do
      call('DEL', laneKey(lane, part))
    end
    call('SREM', lanesOf(group), lane)
  end
  if call('EXISTS', lanesOf(group)) == 1 then
    wake(group)
  else
    call('HDEL', key('turn'), group)
    call('ZREM', key('awake'), group)
    call('ZREM', key('asleep'), group)
  end
end
local function ring() call('PUBLISH', P .. ':bell', kind) end
`
