import { connContract } from '../contracts/conn.contract.ts'
import { memoryStand } from '../support/memory-stand.ts'

connContract('in memory', (gateway) => memoryStand(gateway))
