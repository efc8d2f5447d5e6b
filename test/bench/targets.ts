/** Every figure, what it is compared with, and its limit where there is one. */
import type { Limit } from './figures.ts'
import { NEEDS } from './needs.ts'

export type Target = {
  name: string
  /** The file in test/bench/measure that measures it; `--only` takes it, too. */
  measurement: string
  unit: string
  /** What the figure is a multiple of, or what it is of. */
  against: string
  /** Left out: a plain figure, to read the others by. */
  limit?: Limit
}

/** Where the limits come from. */
export const SOURCE = 'gcp.md, "Speed targets"'

const atMost = (value: number): { limit: Limit } => ({ limit: { bound: 'at most', value } })
const atLeast = (value: number): { limit: Limit } => ({ limit: { bound: 'at least', value } })
const below = (value: number): { limit: Limit } => ({ limit: { bound: 'below', value } })

const bare = 'CPU of a bare node:http server for the same request'
const cpu = 'CPU of the process'
const least = 'CPU of an empty function that loads the packages which this one truly needs'
const listPrices = 'shared/domain/cost.ts at list prices'
const passed = 'time that passed from when a push was due to its answer'
const puts = 'writes that Cloud Storage was asked for, refused ones too'

/** A fleet that hardly runs, one of a company, and one that keeps every instance full. */
export const JOBS_PER_DAY = [
  { name: 'a trickle of 100 jobs a day', jobsPerDay: 100 },
  { name: '2,000 jobs a day', jobsPerDay: 2000 },
  { name: 'saturated', jobsPerDay: 20_000_000 },
] as const

export const targets: readonly Target[] = [
  { name: 'bare POST', measurement: 'ingest', unit: 'µs', against: 'CPU of a bare node:http server' },
  { name: 'ingest, nothing on disk', measurement: 'ingest', unit: '×', against: bare, ...atMost(2.6) },
  { name: 'ingest, durable', measurement: 'ingest', unit: '×', against: bare, ...atMost(3.0) },
  { name: 'webhook, everything', measurement: 'drained', unit: 'µs', against: cpu },
  { name: 'webhook, everything, against bare', measurement: 'drained', unit: '×', against: bare },
  ...['', ', function'].flatMap((where) => [
    { name: `rejected request${where}`, measurement: 'rejected', unit: '×', against: bare, ...atMost(1.3) },
    {
      name: `growth over 10,000 attacks${where}`,
      measurement: 'rejected',
      unit: 'MB',
      against: 'resident memory of the process',
      ...below(8),
    },
    {
      name: `growth over 10,000 more${where}`,
      measurement: 'rejected',
      unit: 'MB',
      against: 'resident memory of the process',
    },
  ]),
  ...[11, 100, 1000].flatMap((arms) =>
    ['all', 'a third'].map((share) => ({
      name: `recommend, ${arms} arms, ${share} feasible`,
      measurement: 'recommend',
      unit: '×',
      against: 'CPU of a bare node:http server for a GET',
      ...atMost(2.5),
    })),
  ),
  ...[11, 100, 1000].map((arms) => ({
    name: `recommend, ${arms} arms, first question of a state`,
    measurement: 'recommend',
    unit: 'ms',
    against: `${cpu}, for each of the first twenty job keys that a new state is asked about`,
  })),
  {
    name: 'recommend, turns of waiting',
    measurement: 'recommend-waits',
    unit: 'turns',
    against: 'turns of the event loop until the answer, with ports that never answer',
    ...atMost(0),
  },
  ...['11', '1,000', '100,000'].flatMap((arms) => [
    {
      name: `UCB1, ${arms} arms`,
      measurement: 'ucb1',
      unit: '×',
      against: 'a scan for the largest mean of the same arms',
      ...atMost(3),
    },
    {
      name: `UCB1, ${arms} arms, against bare numbers`,
      measurement: 'ucb1',
      unit: '×',
      against: 'a scan for the largest of as many numbers in a Float64Array',
    },
    { name: `UCB1, ${arms} arms, time an arm`, measurement: 'ucb1', unit: 'ns', against: cpu },
  ]),
  {
    name: 'constraints, 4,000 runners × 50 rules',
    measurement: 'constraints',
    unit: 'ms',
    against: cpu,
    ...atMost(5),
  },
  {
    name: 'constraints, 4,000 runners × 50 rules, against bare',
    measurement: 'constraints',
    unit: '×',
    against: 'a loop that compares one number of each runner fifty times',
  },
  ...['all refused', 'all refused, by code', 'all refused, what to lift'].map((what) => ({
    name: `constraints, ${what}`,
    measurement: 'constraints',
    unit: 'ms',
    against: cpu,
  })),
  ...['11 ids, 11 cells', '1,000 ids, 11 cells', '1,000 ids, 1,000 cells', '100,000 ids, 1,000 cells'].map(
    (size) => ({ name: `fold, ${size}`, measurement: 'fold', unit: 'ns', against: cpu, ...atMost(100) }),
  ),
  { name: 'fold, 20,000 at once', measurement: 'fold', unit: 'ns', against: cpu, ...atMost(100) },
  {
    name: 'fold, 100,000 ids against 1,000',
    measurement: 'fold',
    unit: '×',
    against: 'the fold with 1,000 ids',
    ...atMost(2),
  },
  { name: 'calibration loop', measurement: 'fold', unit: 'ns', against: cpu },
  {
    name: 'fold against the calibration loop',
    measurement: 'fold',
    unit: '×',
    against: 'the least that a fold could do',
  },
  { name: 'state cycle, 1,000 cells', measurement: 'state-cycle', unit: 'ms', against: cpu, ...atMost(1.2) },
  {
    name: 'state cycle, 10,000 cells, each 1,000',
    measurement: 'state-cycle',
    unit: 'ms',
    against: cpu,
    ...atMost(1.2),
  },
  { name: 'state cycle, 1,000 cells and 100,000 ids', measurement: 'state-cycle', unit: 'ms', against: cpu },
  {
    name: 'state cycle, 1,000 cells, waiting included',
    measurement: 'state-cycle',
    unit: 'ms',
    against: 'time that passed',
  },
  {
    name: 'state, size of a cell',
    measurement: 'state-cycle',
    unit: 'B',
    against: 'bytes of bandit_state.json',
    ...atMost(120),
  },
  {
    name: 'warehouse writes',
    measurement: 'warehouse',
    unit: '×',
    against: "rows a second of DuckDB's appender, in the same batches",
    ...atLeast(0.5),
  },
  ...[
    'warehouse writes, rows a second',
    'appender, rows a second',
    'appender, one commit for all, rows a second',
  ].map((name) => ({ name, measurement: 'warehouse', unit: 'rows/s', against: 'time that passed' })),
  {
    name: 'empty framework handler',
    measurement: 'framework',
    unit: '×',
    against: bare,
  },
  {
    name: 'function adapter',
    measurement: 'framework',
    unit: '×',
    against: 'CPU of an empty handler of functions-framework',
    ...atMost(1.15),
  },
  { name: 'function adapter, against bare', measurement: 'framework', unit: '×', against: bare },
  {
    name: "function adapter, with Pub/Sub's client",
    measurement: 'framework',
    unit: '×',
    against: 'CPU of an empty handler of functions-framework',
  },
  ...[
    { name: 'one object', perSecond: 500 },
    { name: '8 shards', perSecond: 4000 },
  ].flatMap(({ name, perSecond }) => [
    {
      name: `learn, ${name}, done`,
      measurement: 'learn',
      unit: '/s',
      against: 'events acknowledged while a tenth more came, over 20 s',
      ...atLeast(perSecond),
    },
    { name: `learn, ${name}, ack p50`, measurement: 'learn', unit: 's', against: passed },
    { name: `learn, ${name}, ack p99`, measurement: 'learn', unit: 's', against: passed, ...atMost(2) },
    { name: `learn, ${name}, PUTs in 1,000 events`, measurement: 'learn', unit: '', against: puts },
    { name: `learn, ${name}, CPU an event`, measurement: 'learn', unit: 'µs', against: cpu },
  ]),
  {
    name: 'learn-batch, 100,000 events',
    measurement: 'learn',
    unit: 's',
    against: 'time that passed in one run, which has 45 s',
    ...atMost(45),
  },
  { name: 'learn-batch, 100,000 events, PUTs', measurement: 'learn', unit: '', against: puts },
  { name: 'learn-batch, CPU an event', measurement: 'learn', unit: 'µs', against: cpu },
  ...Object.keys(NEEDS).flatMap((service) => [
    { name: `cold start, ${service}`, measurement: 'cold-start', unit: '×', against: least, ...below(1.3) },
    { name: `cold start, ${service}, without clients`, measurement: 'cold-start', unit: '×', against: least },
    { name: `cold start, ${service}, CPU`, measurement: 'cold-start', unit: 'ms', against: cpu },
  ]),
  ...JOBS_PER_DAY.flatMap(({ name }) => [
    { name: `cost of a million webhooks, ${name}`, measurement: 'cost', unit: 'USD', against: listPrices },
    { name: `least cost, ${name}`, measurement: 'cost', unit: 'USD', against: listPrices },
    {
      name: `cost against the least, ${name}`,
      measurement: 'cost',
      unit: '×',
      against: 'what no design of this shape goes below',
      ...atMost(1.1),
    },
  ]),
  {
    name: 'simulated jobs, sticky',
    measurement: 'simulate',
    unit: 'M/min',
    against: 'a minute of CPU of one process',
    ...atLeast(1),
  },
  ...['ucb1', 'thompson'].map((policy) => ({
    name: `simulated jobs, ${policy}`,
    measurement: 'simulate',
    unit: 'M/min',
    against: 'a minute of CPU of one process, routed by a policy that learns',
  })),
  { name: 'evaluate, each of 100,000 decisions', measurement: 'evaluation', unit: 'µs', against: cpu },
  ...[
    'policy_value',
    'policy_comparison',
    'support_check',
    'learning_curve',
    'propensity_check',
    'reward_by_arm',
    'drift',
  ].map((mart) => ({
    name: `${mart}, against a plain aggregate`,
    measurement: 'evaluation',
    unit: '×',
    against: 'CPU of one GROUP BY over the rows that it is made of, which it passes over several times',
  })),
  {
    name: 'process with 10,000 events queued',
    measurement: 'queue',
    unit: 'MB',
    against: 'resident memory of the process',
    ...atMost(150),
  },
  {
    name: 'webhooks taken before 503',
    measurement: 'queue',
    unit: '',
    against: 'answers with 202 while nothing is handled',
    ...atMost(10_000),
  },
  {
    name: 'process at its largest, working them off',
    measurement: 'queue',
    unit: 'MB',
    against: 'resident memory of the process',
  },
  {
    name: 'memory, each folded event',
    measurement: 'memory',
    unit: 'B',
    against: 'heap after collection, over 1,000,000 events with the id window full',
    ...below(1),
  },
]

/** In the order of the table. */
export const measurementNames = [...new Set(targets.map(({ measurement }) => measurement))]
