/** GoogleSQL as text: what DuckDB has to be given instead, and what GoogleSQL alone refuses. */
import { invalidQuery } from './answers.ts'

/** Parameters as DuckDB writes them, names without backticks; texts are left alone. */
export function bridge(sql: string): string {
  return sql.replaceAll(/('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|`|@([a-z_]\w*)/gi, (all, text, name) =>
    text !== undefined ? all : name === undefined ? '' : `$${name}`,
  )
}

/** Words that GoogleSQL reserves and DuckDB does not, as names after AS; types of a CAST are not among them. */
const RESERVED =
  /\bAS\s+(AT|BY|CONTAINS|CUBE|CURRENT|DEFINE|ENUM|ESCAPE|EXCLUDE|FOLLOWING|GROUPS|HASH|IF|IGNORE|LOOKUP|MERGE|NEW|NO|NULLS|OF|OVER|PARTITION|PRECEDING|PROTO|RANGE|RECURSIVE|RESPECT|ROLLUP|ROWS|SET|TREAT|UNBOUNDED|WITHIN)\b/i

export function refuseReserved(sql: string): void {
  const word = RESERVED.exec(sql.replaceAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "''"))?.[1]
  if (word !== undefined) throw invalidQuery(`Syntax error: Unexpected keyword ${word.toUpperCase()}`)
}

export function typeOf(sql: string): string {
  const words = sql.replaceAll(/^(\s|--[^\n]*\n?|#[^\n]*\n?|\/\*[\s\S]*?\*\/|\()+/g, '').toUpperCase()
  if (words === '') throw invalidQuery('Syntax error: Unexpected end of statement')
  if (/^(SELECT|WITH|FROM)\b/.test(words)) return 'SELECT'
  if (/^CREATE\b[^(]*\bTABLE\b/.test(words)) return 'CREATE_TABLE_AS_SELECT'
  const [, verb = '', object = ''] = /^(\w+)\s+(\w+)/.exec(words) ?? []
  return ['CREATE', 'DROP', 'ALTER', 'TRUNCATE'].includes(verb) ? `${verb}_${object}` : verb
}

export const parameterNames = (sql: string) =>
  [...sql.matchAll(/\$([a-z_]\w*)/gi)].map(([, name = '']) => name)
