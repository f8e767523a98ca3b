// The statements of the embedded queue.

import type { SqliteDatabase } from '../sqlite/database.ts'

/**
 * An entry waits while `leased_until` is past; 0 = never claimed or given back. Groups take turns in order of `turn`:
 * one that comes, comes back or was served stands last.
 */
const SCHEMA = `
DROP TABLE IF EXISTS queue_entry;
CREATE TABLE IF NOT EXISTS queue_item (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  grp TEXT NOT NULL,
  accelerator TEXT NOT NULL,
  memory_bytes INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  arrival INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  token TEXT,
  leased_until INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS queue_item_order ON queue_item (kind, grp, priority DESC, arrival);
CREATE INDEX IF NOT EXISTS queue_item_arrival ON queue_item (arrival);
CREATE INDEX IF NOT EXISTS queue_item_lease ON queue_item (kind, grp, leased_until);
CREATE TABLE IF NOT EXISTS queue_group (
  kind TEXT NOT NULL,
  grp TEXT NOT NULL,
  turn INTEGER NOT NULL,
  PRIMARY KEY (kind, grp)
) STRICT, WITHOUT ROWID;
`

export function prepareQueue(database: SqliteDatabase) {
  database.exec(SCHEMA)
  return {
    freeAll: database.statement('UPDATE queue_item SET token = NULL, leased_until = 0'),
    insert: database.statement(
      `INSERT INTO queue_item (kind, id, grp, accelerator, memory_bytes, revision, priority, arrival, not_before, token, leased_until)
       VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(arrival), 0) + 1 FROM queue_item), ?, NULL, 0)
       ON CONFLICT DO NOTHING`,
    ),
    insertGroup: database.statement(
      `INSERT INTO queue_group (kind, grp, turn)
       VALUES (?, ?, (SELECT coalesce(max(turn), 0) + 1 FROM queue_group)) ON CONFLICT DO NOTHING`,
    ),
    groups: database.statement('SELECT grp FROM queue_group WHERE kind = ? ORDER BY turn'),
    serve: database.statement(
      `UPDATE queue_group SET turn = (SELECT max(turn) + 1 FROM queue_group)
       WHERE kind = ? AND grp = ?`,
    ),
    dropEmptyGroup: database.statement(
      `DELETE FROM queue_group WHERE kind = ? AND grp = ?
       AND NOT EXISTS (SELECT 1 FROM queue_item WHERE kind = queue_group.kind AND grp = queue_group.grp)`,
    ),
    /** Parameters: kind, group, now. */
    claimedOfGroup: database.statement(
      'SELECT count(*) AS claimed FROM queue_item WHERE kind = ? AND grp = ? AND leased_until > ?',
    ),
    /** Parameters: kind, group, now, now, accelerators as JSON, memory, revision. */
    firstOfGroup: database.statement(
      `SELECT id FROM queue_item
       WHERE kind = ? AND grp = ? AND not_before <= ? AND leased_until <= ?
       AND (accelerator = 'any' OR accelerator IN (SELECT value FROM json_each(?)))
       AND memory_bytes <= ? AND revision <= ?
       ORDER BY priority DESC, arrival LIMIT 1`,
    ),
    lease: database.statement(
      'UPDATE queue_item SET token = ?, leased_until = ? WHERE kind = ? AND id = ?',
    ),
    /** Parameters: kind, now. */
    nextDue: database.statement(
      `SELECT min(max(not_before, leased_until)) AS due FROM queue_item
       WHERE kind = ? AND max(not_before, leased_until) > ?`,
    ),
    extend: database.statement(
      'UPDATE queue_item SET leased_until = ? WHERE kind = ? AND id = ? AND token = ?',
    ),
    finish: database.statement(
      'DELETE FROM queue_item WHERE kind = ? AND id = ? AND token = ? RETURNING grp',
    ),
    giveBack: database.statement(
      `UPDATE queue_item SET token = NULL, leased_until = 0, not_before = ?
       WHERE kind = ? AND id = ? AND token = ?`,
    ),
    removeWaiting: database.statement(
      'DELETE FROM queue_item WHERE kind = ? AND id = ? AND leased_until <= ? RETURNING grp',
    ),
    /** The entry's group, and how many of it come before. Parameters: now, kind, id, now. */
    ahead: database.statement(
      `SELECT own.grp AS grp, (SELECT count(*) FROM queue_item AS other
         WHERE other.kind = own.kind AND other.grp = own.grp AND other.leased_until <= ?
         AND (other.priority > own.priority
           OR (other.priority = own.priority AND other.arrival < own.arrival))) AS ahead
       FROM queue_item AS own WHERE own.kind = ? AND own.id = ? AND own.leased_until <= ?`,
    ),
    /** Waiting entries of each group, in the order of their turns. Parameters: now, kind. */
    waitingByGroup: database.statement(
      `SELECT queue_group.grp AS grp, count(*) AS waiting FROM queue_group
       JOIN queue_item ON queue_item.kind = queue_group.kind AND queue_item.grp = queue_group.grp
       WHERE queue_item.leased_until <= ? AND queue_group.kind = ?
       GROUP BY queue_group.grp, queue_group.turn ORDER BY queue_group.turn`,
    ),
    exists: database.statement('SELECT 1 AS one FROM queue_item WHERE kind = ? AND id = ?'),
    counts: database.statement(
      `SELECT count(*) AS total, coalesce(sum(leased_until > ?), 0) AS claimed
       FROM queue_item WHERE kind = ?`,
    ),
  }
}
