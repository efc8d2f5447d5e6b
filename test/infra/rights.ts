/**
 * What each handler needs of Google Cloud: for every port that leaves the process and that its type names, the grants.
 * The compiler holds the ports: `of<typeof handler>` takes exactly those, so a handler that is given another port does
 * not pass `npm run check` until it says here what it may do with it.
 */
import type { availability } from '../../functions/availability.ts'
import type { checkAvailability } from '../../functions/check-availability.ts'
import type { checkRouting } from '../../functions/check-routing.ts'
import type { checkState } from '../../functions/check-state.ts'
import type { explain } from '../../functions/explain.ts'
import type { health } from '../../functions/health.ts'
import type { home } from '../../functions/home.ts'
import type { ingest } from '../../functions/ingest.ts'
import type { learn } from '../../functions/learn.ts'
import type { learnBatch } from '../../functions/learn-batch.ts'
import type { recommend } from '../../functions/recommend.ts'
import type { reconcileHourly } from '../../functions/reconcile.ts'
import type { recordJournal } from '../../functions/record-journal.ts'
import type { recordQuarantine } from '../../functions/record-quarantine.ts'
import type { report } from '../../functions/report.ts'
import type { reset } from '../../functions/reset.ts'
import type { retain } from '../../functions/retain.ts'
import type { shadow } from '../../functions/shadow.ts'
import type { stats } from '../../functions/stats.ts'
import type { update } from '../../functions/update.ts'
import type { TableName, Topic } from '../../shared/ports.ts'
import type { Deps } from '../../shared/runtime/handler.ts'

/** Ports behind which there is something of Google Cloud, or a secret. */
type Outward =
  | 'bus'
  | 'deadLetters'
  | 'inbox'
  | 'deliveries'
  | 'state'
  | 'shards'
  | 'warehouse'
  | 'spool'
  | 'gitlab'
  | 'documents'
  | 'vms'

/** Its ports, whichever of its arguments they are. */
type DepsOf<Handler> = Handler extends (...args: infer Args) => unknown
  ? Extract<Args[number], object> extends infer Arg
    ? Arg extends Partial<Deps>
      ? Extract<keyof Arg, Outward>
      : never
    : never
  : never

type ViewName = 'decision_outcomes'

/** A role, and what it is held on. */
export type Grant = `roles/${string} on ${string}`

const publishes = (topic: Topic | 'dead-letters'): Grant => `roles/pubsub.publisher on topic ${topic}`
const readsTable = (table: TableName | ViewName): Grant => `roles/bigquery.dataViewer on table ${table}`
const writesTable = (table: TableName): Grant => `roles/bigquery.dataEditor on table ${table}`
const reads = (setting: string): Grant => `roles/secretmanager.secretAccessor on ${setting}`
const READS_STATE: Grant = 'roles/storage.objectViewer on state'
const WRITES_STATE: Grant = 'roles/storage.objectUser on state'
const READS_TABLES: Grant = 'roles/bigquery.dataViewer on all tables'
const WRITES_TABLES: Grant = 'roles/bigquery.dataEditor on all tables'
const QUERIES: Grant = 'roles/bigquery.jobUser on the project'
/** Of this project's own making: to look at machines, to start and to stop them. */
const STARTS_VMS: Grant = 'roles/starts_vms on the project'
const PULLS: Grant = 'roles/pubsub.subscriber on its own subscriptions'

const INTAKE = [publishes('job-events'), publishes('quarantine')]
/** In the cloud the bus forgets and counts nothing. */
const NOTHING: Grant[] = []
const CI_TOKEN = reads('RUNNER_BANDIT_API_TOKEN')
const WEBHOOK_TOKENS = [reads('GITLAB_WEBHOOK_TOKEN'), reads('GITLAB_WEBHOOK_SIGNING_TOKEN')]
/** What is pushed to a function and can never be handled becomes a dead letter. */
const BURIES = [publishes('dead-letters')]

/** @param besides what is needed by who calls the handler, before or after it. */
const of = <Handler>(ports: Record<DepsOf<Handler>, Grant[]>, besides: Grant[] = []): Grant[] => [
  ...Object.values<Grant[]>(ports).flat(),
  ...besides,
]

/** By route. Those whose rows Pub/Sub writes, or the journal takes, run in no function. */
export const needs: Readonly<Record<string, Grant[]>> = {
  home: of<typeof home>({}),
  ingest: of<typeof ingest>({ bus: INTAKE }, WEBHOOK_TOKENS),
  update: of<typeof update>({ bus: INTAKE, warehouse: [READS_TABLES, QUERIES] }, [CI_TOKEN]),
  report: of<typeof report>(
    { bus: INTAKE, gitlab: [reads('GITLAB_API_TOKEN')], warehouse: [READS_TABLES, QUERIES] },
    [CI_TOKEN],
  ),
  // Recommendations are lines of the log; a choice set that is too long for one is published.
  recommend: of<typeof recommend>(
    { state: [READS_STATE], documents: [READS_STATE], bus: [publishes('choice-sets')] },
    [CI_TOKEN],
  ),
  // A test holds these against its SQL.
  explain: of<typeof explain>(
    {
      warehouse: [
        readsTable('recommendations'),
        readsTable('choice_sets'),
        readsTable('runner_decisions'),
        readsTable('decision_outcomes'),
        readsTable('job_outcomes'),
        QUERIES,
      ],
    },
    [CI_TOKEN],
  ),
  stats: of<typeof stats>({ state: [READS_STATE] }, [CI_TOKEN]),
  availability: of<typeof availability>({ documents: [READS_STATE] }, [CI_TOKEN]),
  health: of<typeof health>({ state: [READS_STATE], bus: NOTHING }),
  reset: of<typeof reset>(
    {
      bus: NOTHING,
      deliveries: [WRITES_STATE],
      state: [WRITES_STATE],
      warehouse: [WRITES_TABLES, QUERIES],
    },
    [reads('RUNNER_BANDIT_ADMIN_TOKEN')],
  ),
  learn: of<typeof learn>({ shards: [WRITES_STATE] }, BURIES),
  'learn-batch': of<typeof learnBatch>({ shards: [WRITES_STATE], inbox: [PULLS, ...BURIES] }),
  shadow: of<typeof shadow>(
    {
      state: [READS_STATE],
      documents: [READS_STATE],
      warehouse: [writesTable('runner_decisions'), writesTable('job_outcomes')],
      gitlab: [reads('GITLAB_API_TOKEN')],
    },
    BURIES,
  ),
  'record-quarantine': of<typeof recordQuarantine>(
    { warehouse: [writesTable('quarantine'), QUERIES] },
    BURIES,
  ),
  'record-journal': of<typeof recordJournal>(
    { warehouse: [writesTable('recommendations'), writesTable('choice_sets')] },
    BURIES,
  ),
  retain: of<typeof retain>({ bus: NOTHING, warehouse: [WRITES_TABLES, QUERIES] }),
  'check-state': of<typeof checkState>({
    state: [WRITES_STATE],
    deliveries: [WRITES_STATE],
    warehouse: [WRITES_TABLES, QUERIES],
  }),
  'check-availability': of<typeof checkAvailability>({
    documents: [WRITES_STATE],
    gitlab: [reads('GITLAB_API_TOKEN')],
    vms: [STARTS_VMS],
    warehouse: [WRITES_TABLES, QUERIES],
  }),
  'check-routing': of<typeof checkRouting>({
    documents: [WRITES_STATE],
    warehouse: [WRITES_TABLES, QUERIES],
  }),
  reconcile: of<typeof reconcileHourly>({
    bus: INTAKE,
    gitlab: [reads('GITLAB_API_TOKEN')],
    warehouse: [READS_TABLES, QUERIES],
  }),
}
