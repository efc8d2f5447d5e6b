/** The DDL that the fake understands, read by itself: GoogleSQL's words for datasets, tables and views. */
import { invalidQuery } from './answers.ts'
import type { Field } from './cells.ts'
import type { Table } from './store.ts'

export type Ddl =
  | { statementType: 'CREATE_SCHEMA'; dataset: string; ifNotExists: boolean }
  | { statementType: 'CREATE_TABLE'; table: Table; ifNotExists: boolean }
  | { statementType: 'CREATE_VIEW'; table: Table; select: string; orReplace: boolean }
  | {
      statementType: 'ALTER_TABLE'
      dataset: string
      name: string
      add?: Field & { ifNotExists: boolean }
      dropNotNull?: string
    }

/** GoogleSQL type → the name that the REST API has for it. */
const TYPES: Record<string, string> = {
  STRING: 'STRING',
  INT64: 'INTEGER',
  FLOAT64: 'FLOAT',
  BOOL: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMP',
}

type Token = { text: string; at: number; end: number; literal?: string }

const TOKENS = /--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\w+|\S/g

function tokensOf(sql: string): Token[] {
  return [...sql.matchAll(TOKENS)]
    .filter(([text]) => !/^(--|#|\/\*)/.test(text))
    .map(({ 0: text, index }) => ({
      text,
      at: index,
      end: index + text.length,
      ...(/^["']/.test(text) && { literal: unquoted(text) }),
    }))
}

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t' }

function unquoted(text: string): string {
  return text
    .slice(1, -1)
    .replaceAll(/\\u([0-9a-f]{4})|\\(.)/gi, (_all, hex, letter) =>
      hex === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
    )
}

/** Undefined for what is no DDL of these forms. @throws Refusal for one that is cut wrong. */
export function parseDdl(sql: string): Ddl | undefined {
  const tokens = tokensOf(sql)
  let next = 0
  const peek = (...words: string[]) =>
    words.every((word, index) => tokens[next + index]?.text.toUpperCase() === word)
  const skip = (...words: string[]) => {
    if (!peek(...words)) return false
    next += words.length
    return true
  }
  const need = (...words: string[]) => {
    if (!skip(...words))
      throw invalidQuery(
        `Syntax error: Expected ${words.join(' ')} but got ${tokens[next]?.text ?? 'end of script'}`,
      )
  }
  const name = () => {
    const token = tokens[next++]
    if (token === undefined || !/^[a-z_]\w*$/i.test(token.text))
      throw invalidQuery(`Syntax error: Unexpected "${token?.text ?? 'end of script'}"`)
    return token.text
  }
  const literal = () => {
    const found = tokens[next++]?.literal
    if (found === undefined) throw invalidQuery('Syntax error: Expected a string')
    return found
  }
  const description = (): { description?: string } => {
    if (!skip('OPTIONS')) return {}
    need('(', 'DESCRIPTION', '=')
    const text = literal()
    need(')')
    return { description: text }
  }
  const path = () => {
    const dataset = name()
    need('.')
    return { dataset, name: name() }
  }
  const column = (): Field => {
    const field = name()
    const type = TYPES[name().toUpperCase()]
    if (type === undefined) throw invalidQuery(`Type not found: ${tokens[next - 1]?.text}`)
    const mode = skip('NOT', 'NULL') ? 'REQUIRED' : 'NULLABLE'
    return { name: field, type, mode, ...description() }
  }
  const list = <T>(item: () => T): T[] => {
    need('(')
    const items = [item()]
    while (skip(',')) items.push(item())
    need(')')
    return items
  }
  const end = () => {
    skip(';')
    if (next < tokens.length) throw invalidQuery(`Syntax error: Unexpected "${tokens[next]?.text}"`)
  }

  if (skip('CREATE', 'SCHEMA')) {
    const ifNotExists = skip('IF', 'NOT', 'EXISTS')
    const dataset = name()
    end()
    return { statementType: 'CREATE_SCHEMA', dataset, ifNotExists }
  }
  if (peek('CREATE', 'TABLE') && !tokens.some(({ text }) => text.toUpperCase() === 'AS')) {
    need('CREATE', 'TABLE')
    const ifNotExists = skip('IF', 'NOT', 'EXISTS')
    const table: Table = { ...path(), fields: list(column) }
    if (skip('PARTITION', 'BY')) {
      need('DATE', '(')
      table.partitionBy = name()
      need(')')
    }
    if (skip('CLUSTER', 'BY')) {
      table.clusterBy = [name()]
      while (skip(',')) table.clusterBy.push(name())
    }
    Object.assign(table, description())
    end()
    for (const used of [table.partitionBy, ...(table.clusterBy ?? [])]) {
      if (used !== undefined && !table.fields.some((field) => field.name === used))
        throw invalidQuery(`Unrecognized name: ${used}`)
    }
    if ((table.clusterBy?.length ?? 0) > 4) throw invalidQuery('Too many clustering columns: at most 4')
    return { statementType: 'CREATE_TABLE', table, ifNotExists }
  }
  if (peek('CREATE', 'VIEW') || peek('CREATE', 'OR', 'REPLACE', 'VIEW')) {
    need('CREATE')
    const orReplace = skip('OR', 'REPLACE')
    need('VIEW')
    const at = path()
    const fields = peek('(')
      ? list<Field>(() => ({ name: name(), type: 'STRING', mode: 'NULLABLE', ...description() }))
      : []
    const described = description()
    need('AS')
    const select = sql.slice(tokens[next]?.at).replace(/;\s*$/, '')
    return {
      statementType: 'CREATE_VIEW',
      table: { ...at, fields, ...described, view: select },
      select,
      orReplace,
    }
  }
  if (skip('ALTER', 'TABLE')) {
    const at = path()
    if (skip('ADD', 'COLUMN')) {
      const ifNotExists = skip('IF', 'NOT', 'EXISTS')
      const add = { ...column(), ifNotExists }
      end()
      if (add.mode === 'REQUIRED')
        throw invalidQuery('Adding REQUIRED columns to an existing table schema is not allowed')
      return { statementType: 'ALTER_TABLE', ...at, add }
    }
    if (skip('ALTER', 'COLUMN')) {
      const dropNotNull = name()
      need('DROP', 'NOT', 'NULL')
      end()
      return { statementType: 'ALTER_TABLE', ...at, dropNotNull }
    }
  }
  return undefined
}
