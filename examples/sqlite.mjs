// Stores records in SQLite. Needs Node.js 22.13 or newer.
//   aruba-stream … --export_data './sqlite.mjs?file=records.db'
import { DatabaseSync } from 'node:sqlite'

/** SQLite's codes for: locked by another program, disk full. */
const LATER = [5, 6, 13]
let db
let insert

export function open({ options }) {
  db = new DatabaseSync(options.file ?? 'records.db')
  db.exec('create table if not exists records (customer, topic, timestamp, record)')
  insert = db.prepare('insert into records values (?, ?, ?, ?)')
}

export function exportBatch(records) {
  try {
    db.exec('begin immediate')
    for (const record of records) {
      const { customer, topic, timestamp } = record
      insert.run(customer, topic, timestamp, JSON.stringify(record))
    }
    db.exec('commit')
  } catch (error) {
    if (db.isTransaction) db.exec('rollback')
    error.retry = LATER.includes(error.errcode)
    throw error
  }
}

export function close() {
  db.close()
}
