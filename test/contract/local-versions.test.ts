/** Files of other versions: older ones are brought up to the present form, newer ones are refused and left alone. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../shared/adapters/clock.ts'
import { openLocalBus } from '../../shared/adapters/local/bus.ts'
import { openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import { openLocalState } from '../../shared/adapters/local/state.ts'
import { ConfigError } from '../../shared/errors.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import { decodeEvent, encodeEvent } from '../../shared/schema/event.ts'
import { encodeState } from '../../shared/schema/state.ts'
import { bytesOf, finishedEvent, stateOf } from '../support/builders.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { collector, message } from './event-bus.harness.ts'
import { quarantineRow } from './warehouse.harness.ts'

const NEWER = /was made by a newer version of runner-bandit/

async function refusalOf(open: () => unknown): Promise<ConfigError> {
  const refusal = await (async () => open())().catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(ConfigError)
  return refusal as ConfigError
}

describe('the warehouse', () => {
  const fileIn = (folder = temporaryFolder()) => join(folder, 'warehouse.duckdb')
  type Change = (catalogue: ReturnType<typeof loadCatalogue>) => void
  async function openedBy(file: string, change: Change = () => {}) {
    const catalogue = loadCatalogue()
    change(catalogue)
    const warehouse = await openDuckdb(file, catalogue)
    onTestFinished(() => warehouse.close())
    return warehouse
  }
  const columnsOf = (catalogue: Parameters<Change>[0], table = 'quarantine') =>
    catalogue.tables.get(table)?.columns ?? []
  const more = (mode: 'REQUIRED' | 'NULLABLE', name = 'more') => ({
    name,
    type: 'STRING' as const,
    mode,
    description: 'More.',
  })

  test('gets the columns that it lacks, when they are the last and may be NULL, and the tables', async () => {
    const file = fileIn()
    const older = await openedBy(file, (catalogue) => {
      ;(catalogue.tables as Map<string, unknown>).delete('resets')
      for (const view of catalogue.views.keys()) (catalogue.views as Map<string, string>).delete(view)
    })
    await older.insert('quarantine', [quarantineRow('old')])
    await older.close()
    const withMore: Change = (catalogue) =>
      columnsOf(catalogue).push(more('NULLABLE'), more('NULLABLE', 'most'))
    for (const times of [1, 2]) {
      const present = await openedBy(file, withMore)
      await present.insert('quarantine', [quarantineRow(`new ${times}`, { more: 'x', most: 'y' })])
      await present.close()
    }
    const warehouse = await openedBy(file, withMore)
    const sql = 'SELECT quarantine_id, more, most FROM ci_metrics.quarantine ORDER BY quarantine_id'
    expect(await warehouse.query(sql)).toEqual([
      { quarantine_id: 'new 1', more: 'x', most: 'y' },
      { quarantine_id: 'new 2', more: 'x', most: 'y' },
      { quarantine_id: 'old', more: null, most: null },
    ])
    expect(await warehouse.query('SELECT COUNT(*) AS n FROM ci_metrics.resets')).toEqual([{ n: 0 }])
  })

  test('of the first shape of recommendations is reshaped, and nothing in it is lost', async () => {
    const file = fileIn()
    const text = (name: string, mode: 'REQUIRED' | 'NULLABLE' = 'REQUIRED') => ({ ...more(mode), name })
    const first: Change = (catalogue) => {
      ;(catalogue.tables as Map<string, unknown>).delete('choice_sets')
      const columns = columnsOf(catalogue, 'recommendations')
      const at = columns.findIndex(({ name }) => name === 'choice_set_id')
      columns.splice(at, 2, text('feasible'), text('refused'))
      for (const view of catalogue.views.keys()) (catalogue.views as Map<string, string>).delete(view)
    }
    const common = {
      decided_at: '2026-03-02T12:00:00.000Z',
      kind: 'arm',
      project: 'crm',
      job_name: 'unit',
      job_key: 'crm/unit',
      policy: 'ucb1',
      policy_version: '1',
      feasible: '[{"arm":"a"},{"arm":"b"}]',
      refused: '{"tags":["c"]}',
      state_generation: 'g',
    }
    const nothing = { kind: 'fallback', feasible: '[]', refused: '{}', state_generation: null }
    const older = await openedBy(file, first)
    await older.insert('recommendations', [
      { ...common, decision_id: '1' },
      { ...common, decision_id: '2' },
      { ...common, decision_id: '3', refused: '{}' },
      { ...common, decision_id: '4', ...nothing },
    ])
    await older.close()
    for (const _times of [1, 2]) {
      const warehouse = await openedBy(file)
      const sql = `
        SELECT decision_id, feasible_count, feasible, refused, made_at
        FROM ci_metrics.recommendations LEFT JOIN ci_metrics.choice_sets USING (choice_set_id) ORDER BY decision_id`
      const drawnFrom = { feasible_count: 2, feasible: common.feasible, made_at: common.decided_at }
      expect(await warehouse.query(sql)).toEqual([
        { decision_id: '1', ...drawnFrom, refused: common.refused },
        { decision_id: '2', ...drawnFrom, refused: common.refused },
        { decision_id: '3', ...drawnFrom, refused: '{}' },
        { decision_id: '4', feasible_count: 0, feasible: null, refused: null, made_at: null },
      ])
      const sets = 'SELECT COUNT(*) AS n FROM ci_metrics.choice_sets'
      expect(await warehouse.query(sets)).toEqual([{ n: 2 }])
      await warehouse.close()
    }
  })

  test('of a newer version is refused and not written to', async () => {
    const file = fileIn()
    await (await openedBy(file, (catalogue) => columnsOf(catalogue).push(more('NULLABLE')))).close()
    const before = readFileSync(file)
    const refusal = await refusalOf(() => openedBy(file))
    expect(refusal.message).toMatch(NEWER)
    expect(refusal.faults).toEqual(['ci_metrics.quarantine has more'])
    expect(readFileSync(file).equals(before)).toBe(true)
    await openedBy(file, (catalogue) => columnsOf(catalogue).push(more('NULLABLE')))
  })

  test.each<[string, Change]>([
    ['a required column', (catalogue) => columnsOf(catalogue).push(more('REQUIRED'))],
    ['a column in the midst', (catalogue) => columnsOf(catalogue).splice(3, 0, more('NULLABLE'))],
    ['the same columns in another order', (catalogue) => columnsOf(catalogue).reverse()],
  ])('that would need %s is a fault, and all such tables are named', async (_what, change) => {
    const file = fileIn()
    await (await openedBy(file)).close()
    const refusal = await refusalOf(() =>
      openedBy(file, (catalogue) => {
        change(catalogue)
        columnsOf(catalogue, 'resets').push(more('REQUIRED'))
      }),
    )
    expect(refusal.message).toContain('was made by another version.')
    expect(refusal.faults).toEqual([
      expect.stringMatching(/^ci_metrics\.quarantine has the columns quarantine_id, .*, not /),
      expect.stringMatching(/^ci_metrics\.resets has the columns /),
    ])
  })
})

describe('the bus', () => {
  /** As the first version wrote it. */
  const OLD_SCHEMA = `
    CREATE TABLE messages (seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, body TEXT NOT NULL);
    CREATE INDEX messages_of_topic ON messages (topic, seq);
    CREATE TABLE published (key TEXT PRIMARY KEY, claim TEXT) WITHOUT ROWID;
    CREATE TABLE subscriptions (name TEXT PRIMARY KEY, topic TEXT NOT NULL, cursor INTEGER NOT NULL);
    CREATE TABLE retries (subscription TEXT NOT NULL, seq INTEGER NOT NULL, attempts INTEGER NOT NULL,
      due_at INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (subscription, seq)) WITHOUT ROWID;
    CREATE TABLE dead_letters (subscription TEXT NOT NULL, seq INTEGER NOT NULL, topic TEXT NOT NULL,
      body TEXT NOT NULL, reason TEXT NOT NULL, died_at INTEGER NOT NULL,
      PRIMARY KEY (subscription, seq)) WITHOUT ROWID;`

  function fileWith(sql: string): string {
    const file = join(temporaryFolder(), 'bus.db')
    const database = new DatabaseSync(file)
    database.exec(`PRAGMA journal_mode=WAL; ${sql}`)
    database.close()
    return file
  }

  function open(file: string) {
    const bus = openLocalBus(file, { clock: systemClock, maxQueued: 1000 })
    onTestFinished(() => bus.close())
    return bus
  }

  test('of the first version goes on: what waits, what was said, what died', async () => {
    const file = fileWith(`${OLD_SCHEMA}
      INSERT INTO messages VALUES (7, 'job-events', '"handled by one"'), (8, 'job-events', '"waits"');
      INSERT INTO published VALUES ('said', '{"is":"first"}');
      INSERT INTO subscriptions VALUES ('reader', 'job-events', 7);
      INSERT INTO dead_letters VALUES ('reader', 3, 'job-events', '"died"', 'why', 1700000000000);`)
    for (const when of ['first', 'again']) {
      const before = Date.now()
      const bus = open(file)
      expect(await bus.publish({ topic: 'job-events', key: 'said', body: when })).toEqual({
        status: 'duplicate',
        firstClaim: { is: 'first' },
      })
      // Nobody knows when it was said: as if it was now.
      expect(await bus.forget(before - 60_000)).toBe(0)
      await bus.close()
    }
    const bus = open(file)
    const { handle, bodies } = collector()
    bus.subscribe({ name: 'reader', topic: 'job-events', handle })
    await bus.deadLetters.redrive({})
    await bus.publish(message('new'))
    await bus.drained()
    expect(new Set(bodies())).toEqual(new Set(['waits', 'died', 'new']))
    expect(await bus.forget(Date.now() + 60_000)).toBe(2)
  })

  test('of the first version hands over what waits in the form of today', async () => {
    const { job_tags: _, idempotency_key: __, ...old } = encodeEvent(finishedEvent({ jobId: 1 }))
    const drawn = { decision_id: 'd', feasible: '[{"arm":"a"},{"arm":"b"}]', refused: '{}' }
    const quoted = (body: unknown) => JSON.stringify(body).replaceAll("'", "''")
    const file = fileWith(`${OLD_SCHEMA}
      INSERT INTO messages (topic, body) VALUES
        ('job-events', '${quoted(old)}'), ('recommendations', '${quoted(drawn)}'), ('quarantine', '{"a":1}');
      INSERT INTO subscriptions VALUES ('events', 'job-events', 0);
      INSERT INTO dead_letters VALUES ('events', 1, 'job-events', '${quoted(old)}', 'why', 1700000000000);`)
    const bus = open(file)
    const [events, recommendations, quarantine] = [collector(), collector(), collector()]
    bus.subscribe({ name: 'events', topic: 'job-events', handle: events.handle })
    bus.subscribe({ name: 'recommendations', topic: 'recommendations', handle: recommendations.handle })
    bus.subscribe({ name: 'quarantine', topic: 'quarantine', handle: quarantine.handle })
    await bus.deadLetters.redrive({})
    await bus.drained()
    const event = finishedEvent({ jobId: 1 })
    expect(events.bodies().map(decodeEvent)).toEqual([event, event])
    expect(recommendations.bodies()).toEqual([{ decision_id: 'd', choice_set_id: null, feasible_count: 2 }])
    expect(quarantine.bodies()).toEqual([{ a: 1 }])
  })

  test('of a newer version is refused and not written to', async () => {
    const file = fileWith(`${OLD_SCHEMA} PRAGMA user_version = 99;`)
    const before = readFileSync(file)
    expect((await refusalOf(() => open(file))).message).toMatch(NEWER)
    expect(readFileSync(file).equals(before)).toBe(true)
  })
})

describe('the state', () => {
  const two = stateOf([finishedEvent({ jobId: 1 }), finishedEvent({ jobId: 2 })])
  const newer = bytesOf(two).replace(/"schema_version":\d+/, '"schema_version":99')

  test.each([
    ['as it is written', newer],
    [
      'as a person would write it',
      JSON.stringify(JSON.parse(newer), Object.keys(JSON.parse(newer)).reverse(), 2),
    ],
  ])('of a newer version, %s, is refused, and never written over', async (_form, content) => {
    const folder = temporaryFolder()
    const file = join(folder, 'bandit_state.json')
    writeFileSync(file, content)
    const store = openLocalState(folder, systemClock)
    expect((await refusalOf(() => store.read())).message).toMatch(NEWER)
    const generation = await store.generation()
    expect((await refusalOf(() => store.write(two, generation))).message).toMatch(NEWER)
    expect(readFileSync(file, 'utf8')).toBe(content)
  })

  test('of this version is read as it is', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'bandit_state.json'), encodeState(two))
    expect(bytesOf((await openLocalState(folder, systemClock).read()).state)).toBe(bytesOf(two))
  })
})
