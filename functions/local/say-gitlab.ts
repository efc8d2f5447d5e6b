/** Results of the operations that speak with GitLab, as text for a terminal. */
import type { BackfillReport } from '../backfill.ts'
import type { HookReport } from '../hook.ts'
import type { ReconcileReport } from '../reconcile.ts'
import type { gatherStats } from '../stats.ts'
import { grouped, rows, statistics } from './say.ts'

type Backfilled = BackfillReport & { stats: Awaited<ReturnType<typeof gatherStats>> }

const OFFERED_SETS: Record<string, string> = { known: 'all arms', feasible: 'feasible arms' }

export function backfilled(report: Backfilled): string {
  const { jobs, accepted, duplicates, quarantined, by_reason: reasons, agreement } = report
  const period =
    report.oldest_job_at === null
      ? `none since ${dayOf(report.since)}`
      : `created ${dayOf(report.oldest_job_at)} to ${dayOf(report.newest_job_at)}`
  const of = report.projects.map(({ path }) => path).join(', ')
  const resumed =
    report.resumed_from === null
      ? []
      : [
          `This went on with the reading begun at ${report.resumed_from}; run it once more for jobs that ended since.`,
        ]
  const agreed = agreement
    .filter((row) => row.jobs > 0)
    .map((row) => ({
      policy: row.policy,
      'chooses from': OFFERED_SETS[row.offered_set] ?? row.offered_set,
      jobs: row.jobs,
      'picked the actual arm': `${((100 * row.matches) / row.jobs).toFixed(1)} %`,
    }))
  const tried = report.stats.arms.filter(({ observations }) => observations > 0)
  const untried = report.stats.arms.length - tried.length
  return [
    `${grouped(jobs)} finished jobs of ${of}, ${period}.`,
    `${grouped(accepted)} events accepted (a job's start and its finish), ${grouped(duplicates)} duplicates; ${grouped(quarantined)} jobs quarantined.`,
    ...Object.entries(reasons).map(([reason, count]) => `  ${count} ${reason}`),
    ...resumed,
    '',
    statistics({ ...report.stats, arms: tried }),
    ...(untried === 0
      ? []
      : [
          `${untried === 1 ? 'One arm' : `${untried} arms`} of the fleet file never ran a job; who chooses from all arms tries them first. Yours is set by RUNNER_BANDIT_FLEET.`,
        ]),
    ...(agreed.length === 0
      ? []
      : ['', `Since ${dayOf(report.since)}, decided from what was known at each job's start:`, rows(agreed)]),
    '',
    'Agreement is not benefit: it says nothing of what another arm would have done.',
    '',
    'Next, look at single jobs:',
    '  npx runner-bandit sql "SELECT job_name, actual_runner, nsai_runner, job_duration FROM ci_metrics.decision_outcomes ORDER BY decided_at DESC LIMIT 20"',
  ].join('\n')
}

const LIMITS: Record<string, string> = {
  lateness: 'Jobs that finished before are for backfill: so late, they would not be learned from.',
  reset: 'What was before the last reset is forgotten.',
}

export function reconciled(report: ReconcileReport): string {
  const { projects, unchecked, since, until, limited_by: limit } = report
  const table = projects.map(({ path, checked, missing, published, waiting, quarantined }) => ({
    project: path,
    'jobs finished': checked,
    missing,
    'events published': published,
    'waiting for the log': waiting,
    quarantined,
  }))
  const named = projects.length + unchecked.length > 0
  return [
    `Jobs that finished from ${since} to ${until}. ${limit === null ? '' : LIMITS[limit]}`,
    ...(named ? [] : ['No project is known yet: say which with --project.']),
    ...(table.length === 0 ? [] : ['', rows(table)]),
    ...unchecked.map(({ project, reason }) => `NOT checked: project ${project}. ${reason}`),
  ].join('\n')
}

export function hookInstalled(report: HookReport): string {
  const { project, action, url, dry_run: dryRun, differences, hook_id: id } = report
  const which = `${id === null ? 'A webhook' : `The webhook ${id}`} of ${project.path} to ${url}`
  const done = {
    created: dryRun ? 'would be created' : 'was created',
    repaired: dryRun ? 'would be repaired' : 'was repaired',
    unchanged: `is as it should be${dryRun ? '' : '; nothing was changed, and its secrets were written again, since GitLab does not show them'}`,
  }[action]
  return [
    `${which} ${done}.`,
    ...differences.map((difference) => `  ${difference}`),
    ...(dryRun ? [] : enabledAs(report)),
    ...signedAs(report),
    ...(url.startsWith('http:') ? ['It is not encrypted: the secret token travels in clear.'] : []),
    ...(report.duplicates.length === 0
      ? []
      : [
          `Further webhooks have the same URL, so that everything comes more than once: ${report.duplicates.join(', ')}. Delete them in Settings > Webhooks.`,
        ]),
  ].join('\n')
}

function enabledAs({ enabled, disabled_until: until, test_failure: failure }: HookReport): string[] {
  if (enabled === null) return []
  if (enabled) return ['GitLab reports it as enabled.']
  const when = until === null ? 'until a test delivery is answered' : `until ${until}`
  const test = failure === null ? '' : ` Its test delivery failed${failure}.`
  return [
    `GitLab keeps it disabled ${when}.${test} See that the server runs and is reachable, and run this again.`,
  ]
}

function signedAs({ signed, secret_token: hasToken, dry_run: dryRun }: HookReport): string[] {
  if (signed === null || dryRun) return []
  if (signed) return ['GitLab signs what it sends.']
  return [
    `GitLab does not sign what it sends (it does from version 19.0)${hasToken ? '; the secret token is checked instead.' : ', so this server refuses it: set GITLAB_WEBHOOK_TOKEN, restart it and run this again.'}`,
  ]
}

const dayOf = (at: string | null) => at?.slice(0, 10) ?? ''
