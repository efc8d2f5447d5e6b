/** Faults that lie between settings, each of which is well by itself. */
import { isLikeIdToken } from './ci-job.ts'
import { LOOPBACK } from './settings-schema.ts'

type Given = Readonly<Record<string, string>>

/** Told beside the faults of single settings: so from what was given, not what it parsed to. */
export function crossFaults(given: Given): string[] {
  const faults: string[] = []
  const { HOST = '127.0.0.1', K_SERVICE, BANDIT_GCS_BUCKET } = given
  if (!LOOPBACK.test(HOST)) {
    const exposed = `HOST ${HOST} is not a loopback address`
    if (isOpenToForgery(given))
      faults.push(`${exposed}: GITLAB_WEBHOOK_TOKEN or GITLAB_WEBHOOK_SIGNING_TOKEN must be set`)
    if (given.RUNNER_BANDIT_API_TOKEN === undefined && given.RUNNER_BANDIT_ID_TOKEN_AUDIENCE === undefined)
      faults.push(`${exposed}: RUNNER_BANDIT_API_TOKEN or RUNNER_BANDIT_ID_TOKEN_AUDIENCE must be set`)
  }
  faults.push(...idTokenFaults(given))
  if (K_SERVICE !== undefined && BANDIT_GCS_BUCKET === undefined) {
    faults.push('BANDIT_GCS_BUCKET must be set on Google Cloud: a local file would be lost with the instance')
  }
  if (BANDIT_GCS_BUCKET !== undefined && given.GOOGLE_CLOUD_PROJECT === undefined) {
    faults.push('BANDIT_GCS_BUCKET is set: GOOGLE_CLOUD_PROJECT must be set, too')
  }
  return faults
}

function idTokenFaults(given: Given): string[] {
  const faults: string[] = []
  const pairs = [
    ['RUNNER_BANDIT_ID_TOKEN_AUDIENCE', 'RUNNER_BANDIT_ID_TOKEN_PROJECTS'],
    ['RUNNER_BANDIT_PUSH_AUDIENCE', 'RUNNER_BANDIT_PUSH_ACCOUNTS'],
  ] as const
  for (const [audience, allowed] of pairs) {
    if (given[audience] !== undefined && given[allowed] === undefined)
      faults.push(`${audience} is set: ${allowed} must say whose tokens are taken`)
    if (given[audience] === undefined && given[allowed] !== undefined)
      faults.push(`${allowed} is set: without ${audience} it has no effect`)
  }
  if (given.RUNNER_BANDIT_ID_TOKEN_AUDIENCE === undefined) return faults
  const { GITLAB_URL = 'https:', RUNNER_BANDIT_API_TOKEN = '' } = given
  const { protocol, hostname } = URL.parse(GITLAB_URL) ?? { protocol: 'https:', hostname: '' }
  if (protocol === 'http:' && !LOOPBACK.test(hostname))
    faults.push(
      'RUNNER_BANDIT_ID_TOKEN_AUDIENCE is set: GITLAB_URL must be https, for its keys to be believed',
    )
  if (RUNNER_BANDIT_API_TOKEN.split(',').some((token) => isLikeIdToken(token.trim())))
    faults.push('RUNNER_BANDIT_API_TOKEN has two dots, so it would be taken for an id token')
  return faults
}

function isOpenToForgery(given: Given): boolean {
  return given.GITLAB_WEBHOOK_TOKEN === undefined && given.GITLAB_WEBHOOK_SIGNING_TOKEN === undefined
}
