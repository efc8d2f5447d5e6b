/** `npm run bench`: measures the local speed targets, prints a table, and exits with 1 when one is missed. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bench, killAll } from './child.ts'
import { figureOf } from './figures.ts'
import { hotSpots } from './hot-spots.ts'
import type { Measurement, Values } from './measurement.ts'
import { type Cores, pinThisProcess } from './pin.ts'
import { asJson, type Facts, type Line, terminalTable, writeMarkdown } from './report.ts'
import { measurementNames, type Target, targets } from './targets.ts'

const HELP = `Usage: npm run bench [-- options]

  --only NAME   one measurement instead of all: ${measurementNames.join(', ')}
  --rounds N    interleaved rounds, 5 unless given; fewer are quicker and say less
  --json FILE   where the figures go as JSON, data/bench.json unless given
  --markdown    put the table into docs/performance.md, too
  --profile     profile the measured processes and print where their time went; the figures are worse for it

Prints a table and exits with 1 when a target is missed or could not be measured. docs/performance.md explains it.`

const dataFolder = join(import.meta.dirname, '../../data')

async function run(): Promise<number> {
  const options = readOptions()
  if (typeof options === 'string') {
    console.error(options)
    return 2
  }
  if (options.help) {
    console.log(HELP)
    return 0
  }
  const cores = pinThisProcess()
  const facts = factsOf(cores, options.rounds)
  console.log(`${facts.machine}, Node ${facts.node}, ${facts.pinned}, load ${facts.load}`)
  mkdirSync(dataFolder, { recursive: true })
  const folder = mkdtempSync(join(dataFolder, 'bench-'))
  const profileFolder = options.profile ? mkdtempSync(join(dataFolder, 'profile-')) : undefined
  const core = 'why' in cores ? undefined : cores.measured
  let lines: Line[]
  try {
    lines = await measureAll(options.names, { rounds: options.rounds, core, folder, profileFolder })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  console.log(`\n${terminalTable(lines)}\n`)
  mkdirSync(dirname(options.json), { recursive: true })
  writeFileSync(options.json, asJson(lines, facts))
  if (options.markdown) writeMarkdown(lines, facts)
  if (profileFolder !== undefined) printHotSpots(profileFolder)
  const wrong = lines.filter((line) => 'failed' in line || line.figure.verdict === 'missed').length
  console.log(wrong === 0 ? 'All targets are met.' : `${wrong} targets are missed or could not be measured.`)
  return wrong === 0 ? 0 : 1
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'string', default: join(dataFolder, 'bench.json') },
      markdown: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) return '--rounds takes a whole number above 0.'
  if (values.only !== undefined && !measurementNames.includes(values.only))
    return `There is no measurement "${values.only}".\n\n${HELP}`
  if (values.markdown && (values.only !== undefined || values.profile))
    return '--markdown needs all figures, and none that were taken while profiling.'
  const names = values.only === undefined ? measurementNames : [values.only]
  return { ...values, rounds, names }
}

function factsOf(cores: Cores, rounds: number): Facts {
  const all = cpus()
  return {
    takenAt: new Date().toISOString(),
    machine: `${all.length} × ${all[0]?.model.trim()}`,
    node: process.versions.node,
    pinned:
      'why' in cores
        ? `NOT PINNED (${cores.why})`
        : `measured on core ${cores.measured}, load on ${cores.load}`,
    rounds,
    revision: revision(),
    load: (loadavg()[0] ?? 0).toFixed(2),
  }
}

function revision(): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' })
  const { status, stdout } = git('rev-parse', '--short', 'HEAD')
  if (status !== 0) return 'unknown'
  return stdout.trim() + (git('status', '--porcelain').stdout === '' ? '' : '+')
}

async function measureAll(names: readonly string[], bench: Bench): Promise<Line[]> {
  const lines: Line[] = []
  for (const name of names) {
    const startMs = performance.now()
    const wanted = targets.filter(({ measurement }) => measurement === name)
    try {
      const { measure } = (await import(`./measure/${name}.ts`)) as { measure: Measurement }
      lines.push(...linesOf(wanted, await measure(bench)))
    } catch (error) {
      console.error(`${name} could not be measured:`, error)
      await killAll()
      lines.push(...wanted.map((target) => ({ target, values: [], failed: String(error) })))
    }
    console.log(`${name}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
  }
  return lines
}

/** @throws Error when the measurement answers for other figures than the table says. */
function linesOf(wanted: readonly Target[], values: Values): Line[] {
  const unknown = Object.keys(values).filter((name) => !wanted.some((target) => target.name === name))
  if (unknown.length > 0) throw new Error(`targets.ts does not know ${unknown.join('; ')}`)
  return wanted.map((target) => {
    const measured = values[target.name] ?? []
    return { target, values: measured, figure: figureOf(measured, target.limit) }
  })
}

function printHotSpots(folder: string): void {
  for (const { process, functions, files } of hotSpots(folder)) {
    console.log(`\n${process}`)
    for (const { place, share } of functions) console.log(`${percent(share)}  ${place}`)
    console.log(`  ${files.map(({ place, share }) => `${place} ${percent(share).trim()}`).join(', ')}`)
  }
  console.log(`\nThe profiles are in ${folder}.\n`)
}

const percent = (share: number) => `${(share * 100).toFixed(1).padStart(6)} %`

process.exitCode = await run()
