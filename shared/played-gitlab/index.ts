/**
 * A played GitLab: a seeded, deterministic day of CI, for end-to-end tests and the demo.
 *
 * Played: the first fleet of 11 runners and 5 projects; pipelines of three stages arriving as a working day goes;
 * GitLab's matching rule; runners that poll, win, and ask again at once, so that who takes a job is far from uniform;
 * slots, queues, noise, script and runner failures, automatic retries, cancellations by people and newer pushes, jobs
 * stuck on an offline runner; the job webhooks of all that as GitLab 19 sends them, with repeats and disorder.
 *
 * Simplified: a failed stage does not stop the next, so that every job runs; a cancellation takes one job, not its
 * pipeline; polling is plain (no long polling) and no two runners collide on a job; a stage's turn comes when all jobs
 * of the one before have ended; `retries_count` is the attempt, although GitLab may count a first attempt that is
 * already being retried as 1; `commit.status` and its times follow the job instead of the whole pipeline; whatever is
 * unfinished at the end of the day is canceled then.
 *
 * The order of play: `playDay` gives the truth, `webhooksOf` what GitLab says of it, `sendWebhooks` says it over HTTP.
 */
export type { FailureReason, FinalStatus, JobStatus, PlayedDay, PlayedJob, Stage, Transition } from './day.ts'
export { type PlayedProject, type PlayedRunner, playedProjects, playedRunners } from './fleet.ts'
export { mayTake } from './matching.ts'
export { type PossibleEnding, possibleEndings } from './potential.ts'
export { createRng, type Rng, type Seed } from './rng.ts'
export { type Answer, type SendOptions, type SendResult, sendWebhook, sendWebhooks } from './send.ts'
export { type PlayDayOptions, playDay } from './simulate.ts'
export { type PlayedWebhook, type WebhooksOptions, webhooksOf } from './webhooks.ts'
