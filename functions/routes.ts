/**
 * The table of triggers: which path, topic or schedule calls which function, on one machine and in the cloud alike;
 * there, `service` says in which of the deployed functions.
 */
import { LOG_WRITER } from '../shared/runtime/event-log.ts'
import type { Route } from '../shared/runtime/handler.ts'
import { availability } from './availability.ts'
import { checkAvailability } from './check-availability.ts'
import { checkRouting } from './check-routing.ts'
import { checkState } from './check-state.ts'
import { explain } from './explain.ts'
import { health } from './health.ts'
import { home } from './home.ts'
import { ingest } from './ingest.ts'
import { learn } from './learn.ts'
import { learnBatch } from './learn-batch.ts'
import { recommend } from './recommend.ts'
import { reconcileHourly } from './reconcile.ts'
import { record } from './record.ts'
import { recordJournal } from './record-journal.ts'
import { recordQuarantine } from './record-quarantine.ts'
import { report } from './report.ts'
import { reset } from './reset.ts'
import { retain } from './retain.ts'
import { shadow } from './shadow.ts'
import { stats } from './stats.ts'
import { update } from './update.ts'

export const routes: readonly Route[] = [
  { name: 'home', trigger: { path: '/', methods: ['GET'] }, service: 'recommend', handle: home },
  {
    name: 'ingest',
    trigger: { path: '/webhooks/gitlab', methods: ['POST'] },
    service: 'ingest',
    handle: ingest,
  },
  {
    name: 'recommend',
    trigger: { path: '/recommend', methods: ['GET', 'POST'] },
    service: 'recommend',
    handle: recommend,
  },
  { name: 'stats', trigger: { path: '/stats', methods: ['GET'] }, service: 'recommend', handle: stats },
  { name: 'explain', trigger: { path: '/explain', methods: ['GET'] }, service: 'recommend', handle: explain },
  {
    name: 'availability',
    trigger: { path: '/availability', methods: ['GET'] },
    service: 'recommend',
    handle: availability,
  },
  { name: 'health', trigger: { path: '/health', methods: ['GET'] }, service: 'recommend', handle: health },
  { name: 'update', trigger: { path: '/update', methods: ['POST'] }, service: 'ingest', handle: update },
  { name: 'report', trigger: { path: '/report', methods: ['POST'] }, service: 'ingest', handle: report },
  { name: 'reset', trigger: { path: '/reset', methods: ['POST'] }, service: 'admin', handle: reset },
  { name: LOG_WRITER, trigger: { topic: 'job-events' }, service: 'bigquery', handle: record('job_events') },
  {
    name: 'learn',
    trigger: { topic: 'job-events', kinds: ['job.finished'] },
    service: 'learn',
    handle: learn,
  },
  {
    name: 'shadow',
    trigger: { topic: 'job-events', kinds: ['job.started', 'job.finished'] },
    service: 'shadow',
    handle: shadow,
  },
  {
    name: 'record-quarantine',
    trigger: { topic: 'quarantine' },
    service: 'record',
    handle: recordQuarantine,
  },
  {
    name: 'record-recommendations',
    trigger: { topic: 'recommendations' },
    service: 'journal',
    handle: record('recommendations'),
  },
  {
    name: 'record-choice-sets',
    trigger: { topic: 'choice-sets' },
    service: 'bigquery',
    handle: record('choice_sets'),
  },
  {
    name: 'record-journal',
    trigger: { topic: 'journal' },
    service: 'record',
    onlyInCloud: true,
    handle: recordJournal,
  },
  {
    name: 'learn-batch',
    trigger: { schedule: 'minutely' },
    service: 'learn',
    onlyInCloud: true,
    handle: learnBatch,
  },
  {
    name: 'check-state',
    trigger: { schedule: 'daily' },
    service: 'ticks',
    onlyInCloud: true,
    handle: checkState,
  },
  { name: 'retain', trigger: { schedule: 'daily' }, service: 'ticks', handle: retain },
  { name: 'check-routing', trigger: { schedule: 'hourly' }, service: 'ticks', handle: checkRouting },
  {
    name: 'check-availability',
    trigger: { schedule: 'minutely' },
    service: 'ticks',
    handle: checkAvailability,
  },
  { name: 'reconcile', trigger: { schedule: 'hourly' }, service: 'ticks', handle: reconcileHourly },
]
