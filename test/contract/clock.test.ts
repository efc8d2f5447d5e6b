import { systemClock } from '../../shared/adapters/clock.ts'
import { clockContract } from './clock.ts'

clockContract('system', systemClock)
