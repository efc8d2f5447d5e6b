/** Every setting, from the environment. The table in the README is made from this file (`npm run docs`). */
import * as z from 'zod'
import { policyNames } from '../domain/policies/index.ts'

/** Hosts that only this machine reaches. */
export const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/
const MEBIBYTE = 1024 * 1024

const secret = z.string().regex(/^\S+$/, 'is empty or has spaces')
const secrets = z
  .string()
  .transform((text) => text.split(',').map((token) => token.trim()))
  .refine((tokens) => tokens.every((token) => token !== ''), 'is set, but a token in it is empty')
const wholeNumber = (min: number, max: number) =>
  z.string().regex(/^\d+$/, 'not a whole number').transform(Number).pipe(z.number().min(min).max(max))

const url = z
  .url({ protocol: /^https?$/, error: 'is no address like https://gitlab.example.com' })
  .transform((text) => text.replace(/\/+$/, ''))

const instanceUrl = z
  .url({ protocol: /^https?$/, error: 'is no address like https://gitlab.example.com' })
  .refine((text) => !/[?#@]/.test(text), 'is an address without user, password, ? and #')

export const settingsSchema = z.object({
  HOST: z
    .string()
    .default('127.0.0.1')
    .describe(
      'Address to listen on. Any but a loopback one needs a token of the webhook and one of the API set.',
    ),
  PORT: wholeNumber(0, 65_535).default(8080).describe('Port to listen on; 0 takes a free one.'),
  PUBLIC_URL: url
    .optional()
    .describe('Where GitLab reaches this server; it cannot reach a loopback address.'),
  GITLAB_URL: instanceUrl
    .default('https://gitlab.com')
    .describe('The GitLab instance whose jobs these are. Part of the identity of every event.'),
  GITLAB_WEBHOOK_TOKEN: secrets
    .optional()
    .describe(
      'Secret token of the webhook; several, separated by commas, while it is being changed. Made and kept in the data folder when not set.',
    ),
  GITLAB_WEBHOOK_SIGNING_TOKEN: secrets
    .refine((tokens) => tokens.every((token) => /^whsec_[A-Za-z0-9+/]{43}=$/.test(token)), {
      error: 'is whsec_ and 32 bytes in base64, as GitLab makes it',
    })
    .optional()
    .describe(
      'Signing token of the webhook (GitLab 19.0 or newer); several, separated by commas, while it is being changed. A signed delivery is checked by it alone.',
    ),
  GITLAB_API_TOKEN: secret
    .optional()
    .describe(
      "Access token for GitLab's API: scope read_api and role Reporter for backfill, scope api and role Maintainer for hook install.",
    ),
  RUNNER_BANDIT_API_TOKEN: secrets
    .optional()
    .describe(
      'Bearer token of /recommend, /stats and /update; several, separated by commas. Without it the first two are open to this machine, and /update is closed.',
    ),
  RUNNER_BANDIT_ADMIN_TOKEN: secrets
    .optional()
    .describe('Bearer token of /reset; several, separated by commas. Without it /reset is closed.'),
  RUNNER_BANDIT_DATA: z.string().min(1).default('./data').describe('Folder for everything that is kept.'),
  RUNNER_BANDIT_FLEET: z
    .string()
    .min(1)
    .optional()
    .describe('The fleet.yaml to use; the example fleet when not set.'),
  BANDIT_ALGORITHM: z
    .enum(policyNames as [string, ...string[]])
    .default('ucb1')
    .describe('Policy of /recommend.'),
  BANDIT_GCS_BUCKET: z
    .string()
    .min(1)
    .optional()
    .describe('Bucket of the bandit state on Google Cloud, which this version cannot run on yet.'),
  LATE_AFTER_HOURS: wholeNumber(1, 24 * 365)
    .default(168)
    .describe(
      'A job whose finish arrives later than this makes rows and is not learned from. Run rebuild after changing it.',
    ),
  MAX_UNMANAGED_ARMS: wholeNumber(0, 1_000_000)
    .default(5000)
    .describe(
      'Runners missing from fleet.yaml that may become arms; the jobs of further ones are quarantined.',
    ),
  WEBHOOK_MAX_BYTES: wholeNumber(1024, 25 * MEBIBYTE)
    .default(MEBIBYTE)
    .describe(
      'Longest webhook body that is read; GitLab sends up to 25 MiB, and a longer one is answered 202 and not kept.',
    ),
  QUARANTINE_MAX_ROWS: wholeNumber(0, 10_000_000)
    .default(10_000)
    .describe('Bodies that quarantine keeps; further ones are counted in the log and not kept.'),
  QUARANTINE_DAYS: wholeNumber(1, 3650).default(30).describe('Days that quarantine keeps a body.'),
  RETENTION_DAYS: wholeNumber(9, 36_500)
    .default(400)
    .describe(
      'Days that decisions, outcomes, recommendations and events are kept; finishes are kept for good, since the state is their sum.',
    ),
  QUEUE_MAX_MESSAGES: wholeNumber(1, 10_000_000)
    .default(10_000)
    .describe('Messages that may wait to be handled; beyond it webhooks are answered 503.'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warning', 'error'])
    .default('info')
    .describe('Least severity that is logged.'),
  K_SERVICE: z.string().optional().describe('Set by Cloud Run; tells that this is not one machine.'),
})

type Parsed = z.output<typeof settingsSchema>

/** The settings as the code sees them. */
export type Settings = {
  host: string
  port: number
  publicUrl: string | undefined
  /** Host and path of the GitLab instance, as in event ids. */
  instance: string
  gitlabUrl: string
  /** Undefined until the data folder's own token is read. */
  webhookTokens: readonly string[] | undefined
  signingTokens: readonly string[] | undefined
  gitlabApiToken: string | undefined
  apiTokens: readonly string[] | undefined
  adminTokens: readonly string[] | undefined
  dataFolder: string
  fleetFile: string | undefined
  policyName: string
  lateAfterMs: number
  maxUnmanagedArms: number
  webhookMaxBytes: number
  quarantineMaxRows: number
  quarantineMs: number
  retentionMs: number
  queueMaxMessages: number
  logLevel: Parsed['LOG_LEVEL']
  /** Whether what arrives is played, not real: the demo's. */
  synthetic: boolean
}

const MS_PER_HOUR = 3_600_000
const MS_PER_DAY = 24 * MS_PER_HOUR

export function settingsFrom(parsed: Parsed): Settings {
  return {
    host: parsed.HOST,
    port: parsed.PORT,
    publicUrl: parsed.PUBLIC_URL,
    instance: instanceOf(parsed.GITLAB_URL),
    gitlabUrl: parsed.GITLAB_URL.replace(/\/+$/, ''),
    webhookTokens: parsed.GITLAB_WEBHOOK_TOKEN,
    signingTokens: parsed.GITLAB_WEBHOOK_SIGNING_TOKEN,
    gitlabApiToken: parsed.GITLAB_API_TOKEN,
    apiTokens: parsed.RUNNER_BANDIT_API_TOKEN,
    adminTokens: parsed.RUNNER_BANDIT_ADMIN_TOKEN,
    dataFolder: parsed.RUNNER_BANDIT_DATA,
    fleetFile: parsed.RUNNER_BANDIT_FLEET,
    policyName: parsed.BANDIT_ALGORITHM,
    lateAfterMs: parsed.LATE_AFTER_HOURS * MS_PER_HOUR,
    maxUnmanagedArms: parsed.MAX_UNMANAGED_ARMS,
    webhookMaxBytes: parsed.WEBHOOK_MAX_BYTES,
    quarantineMaxRows: parsed.QUARANTINE_MAX_ROWS,
    quarantineMs: parsed.QUARANTINE_DAYS * MS_PER_DAY,
    retentionMs: parsed.RETENTION_DAYS * MS_PER_DAY,
    queueMaxMessages: parsed.QUEUE_MAX_MESSAGES,
    logLevel: parsed.LOG_LEVEL,
    synthetic: false,
  }
}

/** A part of event ids, so of one form however the address is written. */
function instanceOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`.replace(/\/+$/, '')
}

/** Faults that lie between settings, told beside those of single ones: so from what was given, not what it parsed to. */
export function crossFaults(given: Readonly<Record<string, string>>): string[] {
  const faults: string[] = []
  const { HOST = '127.0.0.1', K_SERVICE, BANDIT_GCS_BUCKET } = given
  if (!LOOPBACK.test(HOST)) {
    const exposed = `HOST ${HOST} is not a loopback address`
    if (isOpenToForgery(given))
      faults.push(`${exposed}: GITLAB_WEBHOOK_TOKEN or GITLAB_WEBHOOK_SIGNING_TOKEN must be set`)
    if (given.RUNNER_BANDIT_API_TOKEN === undefined)
      faults.push(`${exposed}: RUNNER_BANDIT_API_TOKEN must be set`)
  }
  if (K_SERVICE !== undefined && isOpenToForgery(given)) {
    faults.push('GITLAB_WEBHOOK_TOKEN or GITLAB_WEBHOOK_SIGNING_TOKEN must be set on Google Cloud')
  }
  if (K_SERVICE !== undefined && BANDIT_GCS_BUCKET === undefined) {
    faults.push('BANDIT_GCS_BUCKET must be set on Google Cloud: a local file would be lost with the instance')
  } else if (BANDIT_GCS_BUCKET !== undefined) {
    faults.push(
      'BANDIT_GCS_BUCKET is set, but this version does not run on Google Cloud yet; unset it to keep the state on disk',
    )
  }
  return faults
}

function isOpenToForgery(given: Readonly<Record<string, string>>): boolean {
  return given.GITLAB_WEBHOOK_TOKEN === undefined && given.GITLAB_WEBHOOK_SIGNING_TOKEN === undefined
}
