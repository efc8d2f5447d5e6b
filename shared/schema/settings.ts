/** The settings as the code sees them: units in their names, lists as lists. */
import type { ParsedSettings } from './settings-schema.ts'

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
  /** Undefined when no id token of a CI job is taken. */
  idTokenAudience: string | undefined
  /** Ids, full paths, `group/*`; set when the audience is. */
  idTokenProjects: readonly string[] | undefined
  /** Undefined when no push of Google's services is taken. */
  pushAudience: string | undefined
  /** E-mail addresses of service accounts; set when the audience is. */
  pushAccounts: readonly string[] | undefined
  /** Undefined: Google's. */
  pushKeysUrl: string | undefined
  dataFolder: string
  fleetFile: string | undefined
  policyName: string
  /** Of projects of which fleet.yaml says none; undefined: what it says of all. */
  mode: ParsedSettings['RUNNER_BANDIT_MODE']
  routeMaxStateAgeMs: number
  lateAfterMs: number
  maxUnmanagedArms: number
  webhookMaxBytes: number
  quarantineMaxRows: number
  quarantineMs: number
  retentionMs: number
  queueMaxMessages: number
  /** Undefined on one machine. */
  cloud: { projectId: string; bucket: string; location: string | undefined } | undefined
  stateShards: number
  functionTarget: string | undefined
  /** Addresses; undefined: Google's own services. */
  emulators: { pubsub: string | undefined; storage: string | undefined; bigquery: string | undefined }
  logLevel: ParsedSettings['LOG_LEVEL']
  /** Whether what arrives is played, not real: the demo's. */
  synthetic: boolean
}

const MS_PER_HOUR = 3_600_000
const MS_PER_DAY = 24 * MS_PER_HOUR

export function settingsFrom(parsed: ParsedSettings): Settings {
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
    idTokenAudience: parsed.RUNNER_BANDIT_ID_TOKEN_AUDIENCE,
    idTokenProjects: parsed.RUNNER_BANDIT_ID_TOKEN_PROJECTS,
    pushAudience: parsed.RUNNER_BANDIT_PUSH_AUDIENCE,
    pushAccounts: parsed.RUNNER_BANDIT_PUSH_ACCOUNTS,
    pushKeysUrl: parsed.RUNNER_BANDIT_PUSH_KEYS_URL,
    dataFolder: parsed.RUNNER_BANDIT_DATA,
    fleetFile: parsed.RUNNER_BANDIT_FLEET,
    policyName: parsed.BANDIT_ALGORITHM,
    mode: parsed.RUNNER_BANDIT_MODE,
    routeMaxStateAgeMs: parsed.ROUTE_MAX_STATE_AGE_HOURS * MS_PER_HOUR,
    lateAfterMs: parsed.LATE_AFTER_HOURS * MS_PER_HOUR,
    maxUnmanagedArms: parsed.MAX_UNMANAGED_ARMS,
    webhookMaxBytes: parsed.WEBHOOK_MAX_BYTES,
    quarantineMaxRows: parsed.QUARANTINE_MAX_ROWS,
    quarantineMs: parsed.QUARANTINE_DAYS * MS_PER_DAY,
    retentionMs: parsed.RETENTION_DAYS * MS_PER_DAY,
    queueMaxMessages: parsed.QUEUE_MAX_MESSAGES,
    cloud: cloudOf(parsed),
    stateShards: parsed.BANDIT_STATE_SHARDS,
    functionTarget: parsed.FUNCTION_TARGET,
    emulators: {
      pubsub: parsed.PUBSUB_EMULATOR_HOST,
      storage: parsed.STORAGE_EMULATOR_HOST,
      bigquery: parsed.BIGQUERY_ENDPOINT,
    },
    logLevel: parsed.LOG_LEVEL,
    synthetic: false,
  }
}

function cloudOf(parsed: ParsedSettings): Settings['cloud'] {
  const { GOOGLE_CLOUD_PROJECT: projectId, BANDIT_GCS_BUCKET: bucket, BIGQUERY_LOCATION: location } = parsed
  return projectId === undefined || bucket === undefined ? undefined : { projectId, bucket, location }
}

/** A part of event ids, so of one form however the address is written. */
function instanceOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`.replace(/\/+$/, '')
}
