/** Results of the fleet commands as text for a terminal. */
import { CAPABILITIES, type TagCapability } from '../../shared/domain/capabilities.ts'
import type { DiffReport, DriftRow, SyncReport } from '../fleet.ts'
import type { LintReport } from '../fleet-lint.ts'
import { grouped, rows } from './say.ts'

const DONE: Record<SyncReport['action'], [done: string, dry: string]> = {
  created: ['was built', 'would be built'],
  updated: ['was updated', 'would be updated'],
  unchanged: [
    'says what GitLab says; nothing was changed',
    'says what GitLab says; nothing would be changed',
  ],
}

const AT_START = 'A running server reads it at its next start.'

/** @param isUsed whether RUNNER_BANDIT_FLEET names this file. */
export function fleetSynced(report: SyncReport, isUsed: boolean): string {
  const { file, action, dry_run: dryRun, runners, drift, notes } = report
  return [
    `${file} ${DONE[action][dryRun ? 1 : 0]} (${runnersIn(runners)}).`,
    ...(drift.length === 0 ? [] : ['', driftTable(drift)]),
    ...noted(notes),
    ...(dryRun ? [] : ['', `${isUsed ? '' : `To have it used: RUNNER_BANDIT_FLEET=${file}. `}${AT_START}`]),
  ].join('\n')
}

export function fleetDiffered({ file, runners, drift, notes }: DiffReport): string {
  const headline =
    drift.length === 0
      ? `${file} says what GitLab says (${runnersIn(runners)}).`
      : `${file} differs from GitLab (${runnersIn(runners)}) in ${counted(drift.length, 'thing')}; "runner-bandit fleet sync" makes it follow:`
  return [headline, ...(drift.length === 0 ? [] : ['', driftTable(drift)]), ...noted(notes)].join('\n')
}

export function fleetLinted({ file, jobs, findings, notes }: LintReport): string {
  const count = (severity: string) => findings.filter((finding) => finding.severity === severity).length
  const counts = [
    counted(count('error'), 'error'),
    counted(count('warning'), 'warning'),
    counted(count('note'), 'note'),
  ]
  const looked = jobs === null ? 'without jobs' : `with ${counted(jobs, 'job')}`
  return [
    `${file}, ${looked}: ${counts.join(', ')}.`,
    ...findings.map(({ severity, code, message }) => `  ${severity.padEnd(7)}  ${code}: ${message}`),
    ...noted(notes),
  ].join('\n')
}

export function fleetTags(tags: readonly TagCapability[]): string {
  const known = CAPABILITIES.filter((kind) => tags.some(({ has }) => has[kind].length > 0))
  const table = tags.map(({ tag, runners, guarantees, has, arm }) => ({
    tag,
    runners: runners.length,
    'routes to': arm ?? '-',
    'sure of': CAPABILITIES.flatMap((kind) => guarantees[kind] ?? []).join(', ') || '-',
    ...Object.fromEntries(known.map((kind) => [kind, has[kind].join(', ') || '-'])),
  }))
  return `${rows(table)}\n${counted(tags.length, 'tag')}. "sure of": what all runners share that carry it.`
}

const runnersIn = (count: number) => `${counted(count, 'runner')} in GitLab`

function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? '' : 's'}`
}

function noted(notes: readonly string[]): string[] {
  return notes.length === 0 ? [] : ['', ...notes.map((note) => `Note: ${note}`)]
}

const WORDS: Record<DriftRow['change'], string> = {
  added: 'new in GitLab',
  changed: 'differs',
  gone: 'gone from GitLab',
  returned: 'back in GitLab',
  project_added: 'new project',
  project_identified: 'project found',
}

function driftTable(drift: readonly DriftRow[]): string {
  return rows(
    drift.map(({ change, of, key, from, to }) => ({
      what: WORDS[change],
      of,
      key: key ?? '',
      ...(Array.isArray(from) && Array.isArray(to)
        ? { file: less(from, to, '-') || 'the same', GitLab: less(to, from, '+') || 'fewer' }
        : { file: told(from), GitLab: told(to) }),
    })),
  )
}

/** What only the one list has. */
function less(one: readonly unknown[], other: readonly unknown[], sign: string): string {
  return one
    .filter((item) => !other.includes(item))
    .map((item) => `${sign}${item}`)
    .join(' ')
}

function told(value: unknown): string {
  if (value === null) return '-'
  if (Array.isArray(value)) return value.join(', ')
  if (typeof value !== 'object') return String(value)
  const { id, path, executor, machine, tags } = value as Record<string, unknown>
  if (path !== undefined) return `${id} ${path}`
  return `${id} ${executor} on ${machine}: ${told(tags)}`
}
