import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { loadCatalogue } from '../../../shared/runtime/sql.ts'
import { composed } from '../../../shared/schema/compose-sql.ts'

const views = (texts: Record<string, string>) => ({ views: new Map(Object.entries(texts)) })

const CHAIN = views({
  doubled: 'SELECT n * 2 AS n FROM ci_metrics.numbers -- twice\n',
  unread: 'SELECT 1 AS n FROM ci_metrics.doubled',
  tripled:
    'WITH own AS (SELECT n FROM ci_metrics.numbers)\nSELECT n * 3 AS n FROM own -- ci_metrics.own is no view',
  joined: 'SELECT doubled.n FROM ci_metrics.doubled UNION ALL SELECT n FROM ci_metrics.tripled AS t',
  total: 'SELECT SUM(joined.n) AS n FROM ci_metrics.joined CROSS JOIN ci_metrics.doubled AS again',
})

async function answer(sql: string): Promise<unknown> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await connection.run('CREATE SCHEMA ci_metrics; CREATE TABLE ci_metrics.numbers AS SELECT 1::BIGINT AS n')
    return (await connection.runAndReadAll(sql)).getRowsJson()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

test('has each view that is needed once, before who reads it, and no other', () => {
  const sql = composed('total', CHAIN)
  expect([...sql.matchAll(/^(?:WITH )?(\w+) AS \($/gm)].map(([, name]) => name)).toEqual([
    'doubled',
    'tripled',
    'joined',
    'total',
  ])
})

test('leaves tables what they are', () => {
  expect(composed('doubled', CHAIN)).toContain('FROM ci_metrics.numbers')
})

test('answers as the views do, whatever their texts begin or end with', async () => {
  // (2 + 3) for the one row of `doubled`.
  expect(await answer(composed('total', CHAIN))).toEqual([['5']])
})

test('takes another text in place of a view, and leaves out what only that view read', async () => {
  const sql = composed('total', CHAIN, { tripled: 'SELECT 10 + n AS n FROM ci_metrics.unread' })
  // 2 and 10 + 1.
  expect(await answer(sql)).toEqual([['13']])
  expect(composed('joined', CHAIN, { doubled: 'SELECT 7 AS n', tripled: 'SELECT 8 AS n' })).not.toContain(
    'numbers',
  )
})

test('answers a question that is no view, when it is given as one', async () => {
  const sql = composed('question', CHAIN, { question: 'SELECT MAX(n) FROM ci_metrics.joined' })
  expect(await answer(sql)).toEqual([['3']])
})

test('refuses a view that is not there, and texts that read each other', () => {
  expect(() => composed('none', CHAIN)).toThrow(/no view none/)
  expect(() => composed('joined', CHAIN, { doubled: 'SELECT n FROM ci_metrics.joined' })).toThrow(
    /joined → doubled → joined/,
  )
})

test('no view calls a part of its own as another view that it reads: it would read itself', () => {
  const { views: all } = loadCatalogue()
  const clashes = [...all].flatMap(([view, select]) =>
    [...select.matchAll(/(?:\bWITH|\),)\s+(?:--.*\n\s*)*(\w+) AS \(/g)]
      .map(([, part = '']) => part)
      .filter((part) => all.has(part) && new RegExp(`ci_metrics\\.${part}\\b`).test(select))
      .map((part) => `${view}: ${part}`),
  )
  expect(clashes).toEqual([])
})
