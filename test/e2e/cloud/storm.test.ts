import { storm } from './storm.ts'

/** `npm run faults` plays 20,000. */
storm(1000)
