/** The command `availability`: whether there is anyone to take a tag's jobs. */
import type { Command } from 'commander'
import type { AvailabilityReport } from '../availability.ts'
import { harmless, rows } from '../local/say.ts'
import { operate } from './operate.ts'

const SECONDS_PER_MINUTE = 60

export function addAvailability(program: Command): void {
  program
    .command('availability')
    .description(
      'Say for each tag whether there is anyone to take its jobs, and what was started for those that wait.',
    )
    .argument('[tags...]', 'tags; left out: all that are watched')
    .addHelpText(
      'after',
      `
It tells of the last look at the fleet; the server looks every minute where GITLAB_API_TOKEN is set. Whether machines
are started, and what that may cost, stands in fleet.yaml under "availability"; each start and stop is in audit_log.`,
    )
    .action(async (tags: string[], _options, command: Command) => {
      await operate('availability', { tags }, command, availabilitySaid)
    })
}

export function availabilitySaid({
  age_seconds: age,
  stale,
  problem,
  tags,
  starting,
}: AvailabilityReport): string {
  const {
    enabled,
    played,
    starts_24h: starts,
    max_starts_per_day: mostStarts,
    eur_24h: eur,
    max_eur_per_day: mostEur,
  } = starting
  const table = tags.map(({ tag, status, evidence }) => ({
    tag,
    status,
    'jobs waiting': evidence?.waiting_jobs ?? '-',
    'last sign of life': evidence?.last_seen_at ?? '-',
  }))
  // A cell of the table would cut them.
  const reasons = tags.flatMap(({ tag, status, reason }) =>
    status === 'healthy' ? [] : [harmless(`${tag}: ${reason}`)],
  )
  const notHealthy = reasons.length === 0 ? [] : [...reasons, '']
  return [
    age === null
      ? 'Nobody has looked at the fleet yet: the server looks every minute where GITLAB_API_TOKEN is set.'
      : `Seen ${timeOf(age)} ago${stale ? ', so it says little of now' : ''}.`,
    ...(problem === null ? [] : [`The last look failed: ${problem}`]),
    '',
    rows(table),
    '',
    ...notHealthy,
    enabled
      ? `In the last 24 hours ${starts} of ${mostStarts} starts and ${eur} of ${mostEur} EUR.`
      : 'No machine is ever started: availability.start is not switched on in fleet.yaml.',
    ...(enabled && played
      ? ['Machines are played here: nothing is really started, and nothing is paid.']
      : []),
    ...starting.started.map(
      ({ machine, at, stopping }) => `${machine}: started at ${at}${stopping ? ', stopping' : ''}`,
    ),
    ...(enabled
      ? starting.withheld.map(({ machine, reason }) => `${machine} is not started: ${reason}`)
      : []),
  ].join('\n')
}

function timeOf(seconds: number): string {
  const isShort = seconds < SECONDS_PER_MINUTE
  const count = isShort ? seconds : Math.round(seconds / SECONDS_PER_MINUTE)
  return `${count} ${isShort ? 'second' : 'minute'}${count === 1 ? '' : 's'}`
}
