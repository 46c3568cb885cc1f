"""The Lua scripts: Redis runs each as a whole, so nobody sees or makes anything in between.

A script is known to the server by its hash; a server that has forgotten it (``SCRIPT FLUSH``, a
restart) is told again. What a script is to do stands in one JSON text, keys by their number in KEYS.
Keys that only a script can find out (the row that has a unique value, the rows of an index) carry
the same hash tag as those in KEYS.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha1


@dataclass(frozen=True, slots=True)
class Script:
    """A script and the hash by which the server knows it.

    Attributes:
        name: What it is called where round trips are counted.
        text: Its source.
        digest: The SHA-1 of the source.
    """

    name: str
    text: str
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", sha1(self.text.encode()).hexdigest())  # noqa: S324 # as Redis does


_CLEARING = """
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Takes what is left of a row that has expired out of the indexes and unique hashes.
local function clear(expiry, marks, key)
  local mark = redis.call('HGET', marks, key)
  if mark then
    mark = cjson.decode(mark)
    for _, entry in ipairs(mark[1]) do redis.call('ZREM', entry[1], entry[2]) end
    for _, claim in ipairs(mark[2]) do
      if redis.call('HGET', claim[1], claim[2]) == key then
        redis.call('HDEL', claim[1], claim[2])
      end
    end
    redis.call('HDEL', marks, key)
  end
  redis.call('ZREM', expiry, key)
end

local function clear_expired(expiry, marks, documents, most)
  local late = redis.call('ZRANGEBYSCORE', expiry, '-inf', '(' .. now(), 'LIMIT', 0, most)
  for _, key in ipairs(late) do
    if redis.call('EXISTS', documents .. key) == 0 then clear(expiry, marks, key) end
  end
end
"""

APPLY = Script(
    "apply",
    _CLEARING
    + """
-- Checks everything first and writes then: all of it or nothing.
local plan = cjson.decode(ARGV[1])
local tables, changes = plan.tables, plan.changes

for number, t in ipairs(tables) do
  if t.ttl > 0 then clear_expired(KEYS[t.expiry], KEYS[t.marks], t.documents, 50) end
  local complete, missing = {}, false
  for _, part in ipairs(redis.call('HKEYS', KEYS[t.schema])) do complete[part] = true end
  for _, part in ipairs(t.parts) do
    if not complete[part] then missing = true end
    complete[part] = nil
  end
  if missing and redis.call('ZCARD', KEYS[t.rows]) > 0 then return {'BUILD', number - 1} end
  t.missing, t.foreign = missing, complete
end

local final, expired = {}, {}
for number, c in ipairs(changes) do
  local found = redis.call('GET', KEYS[c.doc])
  local expected = c.old > 0 and ARGV[c.old] or false
  if found ~= expected then return {'STALE', number - 1} end
  final[KEYS[c.doc]] = c.new > 0
  local t = tables[c.table]
  if t.ttl > 0 and not found then clear(KEYS[t.expiry], KEYS[t.marks], c.key) end
end

local function lives(document)
  if final[document] ~= nil then return final[document] end
  return redis.call('EXISTS', document) == 1
end

local freed, taken, removed = {}, {}, {}
for _, c in ipairs(changes) do
  for _, claim in ipairs(c.freed) do
    if redis.call('HGET', KEYS[claim[1]], claim[2]) == c.key then
      freed[claim[1] .. ':' .. claim[2]] = true
    end
  end
  for _, entry in ipairs(c.removed) do removed[entry[1] .. ':' .. entry[2]] = true end
end
for number, c in ipairs(changes) do
  for _, claim in ipairs(c.taken) do
    local name = claim[1] .. ':' .. claim[2]
    if taken[name] then return {'DUPLICATE', number - 1, claim[3]} end
    taken[name] = true
    local owner = redis.call('HGET', KEYS[claim[1]], claim[2])
    if owner and owner ~= c.key and not freed[name]
        and redis.call('EXISTS', tables[c.table].documents .. owner) == 1 then
      return {'DUPLICATE', number - 1, claim[3]}
    end
  end
end

for _, need in ipairs(plan.needs) do
  local met
  if need.doc > 0 then
    met = lives(KEYS[need.doc])
  else
    local name = need.hash .. ':' .. need.value
    local owner = redis.call('HGET', KEYS[need.hash], need.value)
    met = taken[name] or (owner and not freed[name] and lives(need.documents .. owner))
  end
  if not met then return {'REFERENCE', need.change} end
end

-- Rows that are added and refer to one that goes did not meet their need.
for _, bar in ipairs(plan.bars) do
  local length, high = #bar.prefix, bar.prefix:sub(1, -2) .. '\\1'
  local children = redis.call('ZRANGEBYLEX', KEYS[bar.index], '[' .. bar.prefix, '(' .. high)
  for _, member in ipairs(children) do
    if not removed[bar.index .. ':' .. member]
        and redis.call('EXISTS', bar.documents .. member:sub(length + 1)) == 1 then
      return {'CHILD', bar.change}
    end
  end
end

for _, t in ipairs(tables) do
  if t.missing then
    for _, part in ipairs(t.parts) do redis.call('HSET', KEYS[t.schema], part, 1) end
  end
  -- Parts that the writer does not keep up are complete no longer.
  for part in pairs(t.foreign) do redis.call('HDEL', KEYS[t.schema], part) end
  if t.counted then
    local last = tonumber(redis.call('GET', KEYS[t.counter]) or '0')
    if tonumber(t.counted) > last then redis.call('SET', KEYS[t.counter], t.counted) end
  end
end
for _, c in ipairs(changes) do
  for _, entry in ipairs(c.removed) do redis.call('ZREM', KEYS[entry[1]], entry[2]) end
  for _, claim in ipairs(c.freed) do
    if freed[claim[1] .. ':' .. claim[2]] then redis.call('HDEL', KEYS[claim[1]], claim[2]) end
  end
end
for _, c in ipairs(changes) do
  local t = tables[c.table]
  for _, entry in ipairs(c.added) do redis.call('ZADD', KEYS[entry[1]], 0, entry[2]) end
  for _, claim in ipairs(c.taken) do redis.call('HSET', KEYS[claim[1]], claim[2], c.key) end
  if c.new == 0 then
    redis.call('DEL', KEYS[c.doc])
    if t.ttl > 0 then
      redis.call('ZREM', KEYS[t.expiry], c.key)
      redis.call('HDEL', KEYS[t.marks], c.key)
    end
  elseif t.ttl > 0 then
    redis.call('SET', KEYS[c.doc], ARGV[c.new], 'PX', t.ttl)
    redis.call('ZADD', KEYS[t.expiry], now() + t.ttl, c.key)
    redis.call('HSET', KEYS[t.marks], c.key, c.mark)
  else
    redis.call('SET', KEYS[c.doc], ARGV[c.new])
  end
end
return {'OK'}
""",
)
"""Stores the changes of rows with their indexes and unique values, if all is as expected.

Returns ``OK``, or why not: ``BUILD`` (a table's parts are not complete), ``STALE`` (a document is
another), ``DUPLICATE``, ``REFERENCE`` (a foreign key points at nothing) or ``CHILD`` (something still
refers to a row that goes), each with the number of the table or change.
"""

FIND = Script(
    "find",
    """
-- KEYS: parts, rows, indexes. ARGV: the ways, what documents begin with, the most to be sent.
local best, least
for _, way in ipairs(cjson.decode(ARGV[1])) do
  local total = 0
  for _, range in ipairs(way) do
    if range[2] ~= '' and redis.call('HEXISTS', KEYS[1], range[2]) == 0 then
      if redis.call('ZCARD', KEYS[2]) == 0 then return {'ROWS'} end
      return {'BUILD'}
    end
    total = total + redis.call('ZLEXCOUNT', KEYS[range[1]], range[3], range[4])
  end
  if not least or total < least then best, least = way, total end
end
local keys, seen = {}, {}
for _, range in ipairs(best) do
  for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[range[1]], range[3], range[4])) do
    local key = member:match('^[^%z]*%z[^%z]*%z(.*)$')
    if not seen[key] then
      seen[key] = true
      keys[#keys + 1] = key
    end
  end
end
if #keys > tonumber(ARGV[3]) then return {'KEYS', keys} end
local found = {'ROWS'}
for first = 1, #keys, 1000 do
  local names = {}
  for i = first, math.min(first + 999, #keys) do names[#names + 1] = ARGV[2] .. keys[i] end
  for i, document in ipairs(redis.call('MGET', unpack(names))) do
    if document then
      found[#found + 1] = keys[first + i - 1]
      found[#found + 1] = document
    end
  end
end
return found
""",
)
"""Finds the rows of the shortest of several ways through indexes: keys and documents in turn."""

LIST = Script(
    "list",
    """
-- KEYS: rows. ARGV: ZRANGE or ZREVRANGE, first, last, what documents begin with, the most to be sent.
local members = redis.call(ARGV[1], KEYS[1], ARGV[2], ARGV[3])
if #members == 0 or #members > tonumber(ARGV[5]) then return {members, {}} end
local names = {}
for i, member in ipairs(members) do
  names[i] = ARGV[4] .. member:match('^[^%z]*%z[^%z]*%z(.*)$')
end
return {members, redis.call('MGET', unpack(names))}
""",
)
"""Lists the rows of a table from one place to another; with their documents if they are not many."""

COUNT = Script(
    "count",
    """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZCOUNT', KEYS[1], now, '+inf')
""",
)
"""Counts the rows of a table whose rows expire."""

LOOK = Script(
    "look",
    """
-- Who has which unique values, and which documents there are.
local asked = cjson.decode(ARGV[1])
local owners, present = {}, {}
for i, claim in ipairs(asked.claims) do
  local owner = redis.call('HGET', KEYS[claim[1]], claim[2])
  if owner and redis.call('EXISTS', claim[3] .. owner) == 0 then owner = false end
  owners[i] = owner or ''
end
for i, number in ipairs(asked.documents) do present[i] = redis.call('EXISTS', KEYS[number]) end
return {owners, present}
""",
)
"""Looks, inside a transaction, at what its commit will check."""

RESET = Script(
    "reset",
    """
-- KEYS: parts, what is made anew. ARGV: who makes it, the parts.
redis.call('HSET', KEYS[1], 'building', ARGV[1])
for i = 2, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
for i = 2, #KEYS do redis.call('DEL', KEYS[i]) end
""",
)
"""Empties indexes that are about to be made anew."""

REBUILD = Script(
    "rebuild",
    _CLEARING
    + """
-- Puts rows that are unchanged into indexes and unique hashes; those of others stay as they are.
local plan = cjson.decode(ARGV[1])
local doubles = {}
local rows = KEYS[plan.rows]
for _, row in ipairs(plan.changes) do
  local document = redis.call('GET', KEYS[row.doc])
  if not document then
    redis.call('ZREM', rows, row.member)
  elseif document ~= ARGV[row.old] then
    return {'STALE'}
  else
    for _, entry in ipairs(row.added) do redis.call('ZADD', KEYS[entry[1]], 0, entry[2]) end
    for _, claim in ipairs(row.taken) do
      local owner = redis.call('HGET', KEYS[claim[1]], claim[2])
      if not owner or owner == row.key
          or redis.call('EXISTS', plan.documents .. owner) == 0 then
        redis.call('HSET', KEYS[claim[1]], claim[2], row.key)
      else
        doubles[#doubles + 1] = claim[3]
        doubles[#doubles + 1] = row.key
      end
    end
    if plan.ttl > 0 then
      local left = redis.call('PTTL', KEYS[row.doc])
      if left < 0 then
        left = plan.ttl
        redis.call('PEXPIRE', KEYS[row.doc], left)
      end
      redis.call('ZADD', KEYS[plan.expiry], now() + left, row.key)
      redis.call('HSET', KEYS[plan.marks], row.key, row.mark)
    else
      redis.call('PERSIST', KEYS[row.doc])
    end
  end
end
return {'OK', doubles}
""",
)
"""Makes indexes of rows that were there before them."""

FINISH = Script(
    "finish",
    """
-- KEYS: parts. ARGV: who made them, the parts.
if redis.call('HGET', KEYS[1], 'building') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
for i = 2, #ARGV do redis.call('HSET', KEYS[1], ARGV[i], 1) end
return 1
""",
)
"""Declares indexes complete, unless a program that does not know them wrote meanwhile."""

RELEASE = Script(
    "release",
    """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
""",
)
"""Lets others make indexes, unless one of them does already."""
