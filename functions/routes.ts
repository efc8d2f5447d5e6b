/** The table of triggers: which path, topic or schedule calls which function, on one machine and in the cloud alike. */
import { LOG_WRITER } from '../shared/runtime/event-log.ts'
import type { Route } from '../shared/runtime/handler.ts'
import { health } from './health.ts'
import { home } from './home.ts'
import { ingest } from './ingest.ts'
import { learn } from './learn.ts'
import { recommend } from './recommend.ts'
import { record } from './record.ts'
import { recordQuarantine } from './record-quarantine.ts'
import { reset } from './reset.ts'
import { retain } from './retain.ts'
import { shadow } from './shadow.ts'
import { stats } from './stats.ts'
import { update } from './update.ts'

export const routes: readonly Route[] = [
  { name: 'home', trigger: { path: '/', methods: ['GET'] }, handle: home },
  { name: 'ingest', trigger: { path: '/webhooks/gitlab', methods: ['POST'] }, handle: ingest },
  { name: 'recommend', trigger: { path: '/recommend', methods: ['GET', 'POST'] }, handle: recommend },
  { name: 'stats', trigger: { path: '/stats', methods: ['GET'] }, handle: stats },
  { name: 'health', trigger: { path: '/health', methods: ['GET'] }, handle: health },
  { name: 'update', trigger: { path: '/update', methods: ['POST'] }, handle: update },
  { name: 'reset', trigger: { path: '/reset', methods: ['POST'] }, handle: reset },
  { name: LOG_WRITER, trigger: { topic: 'job-events' }, handle: record('job_events') },
  { name: 'learn', trigger: { topic: 'job-events' }, handle: learn },
  { name: 'shadow', trigger: { topic: 'job-events' }, handle: shadow },
  { name: 'record-quarantine', trigger: { topic: 'quarantine' }, handle: recordQuarantine() },
  {
    name: 'record-recommendations',
    trigger: { topic: 'recommendations' },
    handle: record('recommendations'),
  },
  { name: 'record-choice-sets', trigger: { topic: 'choice-sets' }, handle: record('choice_sets') },
  { name: 'retain', trigger: { schedule: 'daily' }, handle: retain },
]
