/** Sessions: temporary tables that live between the jobs of one, each in a schema of DuckDB's that nobody else reads. */
import { randomUUID } from 'node:crypto'
import type { DuckDBConnection } from '@duckdb/node-api'
import { invalidQuery } from './answers.ts'

export type Sessions = {
  /** Resolves with the id of a new one. */
  begin(): Promise<string>
  /** Undefined for what is no statement of sessions. */
  ofStatement(sql: string, sessionId: string | undefined): SessionStatement | undefined
  /** The statement with the session's tables in the place of `_SESSION`. */
  bound(sql: string, sessionId: string | undefined): string
  end(sessionId: string): Promise<void>
}

export type SessionStatement =
  | { statementType: 'CALL' }
  | { statementType: 'CREATE_TABLE_AS_SELECT'; path: string; select: string }

const TEMPORARY = /^\s*CREATE\s+TEMP(?:ORARY)?\s+TABLE\s+([a-z_]\w*)\s+AS\s+([\s\S]*)$/i
const ABORT = /^\s*CALL\s+BQ\.ABORT_SESSION\(\)\s*;?\s*$/i

export function openSessions(connection: DuckDBConnection): Sessions {
  const schemas = new Map<string, string>()
  const schemaOf = (sessionId: string | undefined, what: string) => {
    if (sessionId === undefined) throw invalidQuery(`${what} requires a script or session`)
    const schema = schemas.get(sessionId)
    if (schema === undefined) throw invalidQuery(`Session ${sessionId} is not found or has been terminated`)
    return schema
  }
  return {
    async begin() {
      const id = randomUUID()
      schemas.set(id, `session_${schemas.size + 1}`)
      await connection.run(`CREATE SCHEMA ${schemas.get(id)}`)
      return id
    },
    ofStatement(sql, sessionId) {
      const [, name, select] = TEMPORARY.exec(sql) ?? []
      if (name !== undefined && select !== undefined) {
        const path = `${schemaOf(sessionId, 'Use of CREATE TEMPORARY TABLE')}.${name}`
        return { statementType: 'CREATE_TABLE_AS_SELECT', path, select }
      }
      if (!ABORT.test(sql)) return undefined
      schemaOf(sessionId, 'BQ.ABORT_SESSION without arguments')
      return { statementType: 'CALL' }
    },
    bound: (sql, sessionId) =>
      /\b_SESSION\./.test(sql)
        ? sql.replaceAll(/\b_SESSION\./g, `${schemaOf(sessionId, 'Use of _SESSION')}.`)
        : sql,
    async end(sessionId) {
      await connection.run(`DROP SCHEMA ${schemaOf(sessionId, 'BQ.ABORT_SESSION')} CASCADE`)
      schemas.delete(sessionId)
    },
  }
}
