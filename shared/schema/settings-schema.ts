/** Every setting, from the environment. The table in the README is made from this file (`npm run docs`). */
import * as z from 'zod'
import { MODES } from '../domain/mode.ts'
import { policyNames } from '../domain/policies/index.ts'

/** Hosts that only this machine reaches. */
export const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/
const MEBIBYTE = 1024 * 1024

const secret = z.string().regex(/^\S+$/, 'is empty or has spaces')
const secrets = z
  .string()
  .transform((text) => text.split(',').map((token) => token.trim()))
  .refine((tokens) => tokens.every((token) => token !== ''), 'is set, but a token in it is empty')
const list = z.string().transform((text) => text.split(',').map((entry) => entry.trim()))
/** A project's id or full path, or all projects of a group: "42", "group/app", "group/*". */
const PROJECTS = /^(\d+|[\w.-]+(\/[\w.-]+)*\/([\w.-]+|\*))$/
const EMAIL = /^[^@\s]+@[^@\s]+$/
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
      'Address to listen on. Any but a loopback one needs a token of the webhook set, and one of the API or the audience of id tokens.',
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
      "Access token for GitLab's API: scope read_api and role Reporter for backfill and reconcile, scopes read_api and manage_runner and role Maintainer (of a group: Owner) for fleet sync, scope api and role Maintainer for hook install.",
    ),
  RUNNER_BANDIT_API_TOKEN: secrets
    .optional()
    .describe(
      'Bearer token of /recommend, /explain, /stats, /availability, /update and /report; several, separated by commas. Without it, and without id tokens, the first four are open to this machine, and the others are closed.',
    ),
  RUNNER_BANDIT_ADMIN_TOKEN: secrets
    .optional()
    .describe('Bearer token of /reset; several, separated by commas. Without it /reset is closed.'),
  RUNNER_BANDIT_ID_TOKEN_AUDIENCE: secret
    .optional()
    .describe(
      'The `aud` of the id tokens by which CI jobs of GITLAB_URL may ask /recommend, /explain, /stats and /availability, and report to /update and /report; for example the address of this server.',
    ),
  RUNNER_BANDIT_ID_TOKEN_PROJECTS: list
    .refine((entries) => entries.every((entry) => PROJECTS.test(entry)), {
      error: 'has entries other than ids, full paths as group/app, and group/*',
    })
    .optional()
    .describe('The projects whose jobs may do so, separated by commas: ids, full paths, or `group/*`.'),
  RUNNER_BANDIT_PUSH_AUDIENCE: secret
    .optional()
    .describe('On Google Cloud: the `aud` of the tokens that Pub/Sub and Cloud Scheduler send.'),
  RUNNER_BANDIT_PUSH_ACCOUNTS: list
    .refine((entries) => entries.every((entry) => EMAIL.test(entry)), {
      error: 'has entries that are no e-mail address',
    })
    .optional()
    .describe(
      'On Google Cloud: the e-mail addresses of the service accounts that these tokens may be of, separated by commas.',
    ),
  RUNNER_BANDIT_PUSH_KEYS_URL: instanceUrl
    .optional()
    .describe('Where the keys are that these tokens are signed with, if not at Google.'),
  RUNNER_BANDIT_DATA: z.string().min(1).default('./data').describe('Folder for everything that is kept.'),
  RUNNER_BANDIT_FLEET: z
    .string()
    .min(1)
    .optional()
    .describe('The fleet.yaml to use; the example fleet when not set.'),
  BANDIT_ALGORITHM: z
    .enum(policyNames as [string, ...string[]])
    .default('thompson')
    .describe('Policy of /recommend, and the one that evaluate asks about. Why this one: docs/adr/0024.'),
  RUNNER_BANDIT_MODE: z
    .enum(MODES)
    .optional()
    .describe(
      'Mode of projects of which fleet.yaml says none: `off`, `shadow`, `advisory`, `canary` or `autonomous`; without it, what fleet.yaml says of all, else `shadow`.',
    ),
  ROUTE_MAX_STATE_AGE_HOURS: wholeNumber(1, 87_600)
    .default(72)
    .describe('Nothing is routed by a bandit state that nobody has written for longer.'),
  BANDIT_GCS_BUCKET: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Bucket of the bandit state. Set, everything is kept on Google Cloud, and commands work on it; not set, in the data folder.',
    ),
  BANDIT_STATE_SHARDS: wholeNumber(1, 64)
    .default(1)
    .describe(
      'Objects that the bandit state is divided into, on Google Cloud. Run reshard when changing it.',
    ),
  GOOGLE_CLOUD_PROJECT: z
    .string()
    .min(1)
    .optional()
    .describe('Google Cloud project of bucket, topics and tables; needed with BANDIT_GCS_BUCKET.'),
  BIGQUERY_LOCATION: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, 'is no location like EU or europe-west1')
    .optional()
    .describe('Location of the dataset; BigQuery finds its jobs outside of US and EU by it only.'),
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
  PUBSUB_EMULATOR_HOST: z
    .string()
    .min(1)
    .optional()
    .describe('Address of an emulator of Pub/Sub, as host:port.'),
  STORAGE_EMULATOR_HOST: instanceUrl.optional().describe('Address of an emulator of Cloud Storage.'),
  BIGQUERY_ENDPOINT: instanceUrl.optional().describe('Address of an emulator of BigQuery.'),
  FUNCTION_TARGET: z
    .string()
    .optional()
    .describe(
      'Which of the functions this process is; set by Cloud Run functions, read by functions-framework.',
    ),
  K_SERVICE: z.string().optional().describe('Set by Cloud Run; tells that this is not one machine.'),
})

export type ParsedSettings = z.output<typeof settingsSchema>
