/** Where adapters are tested: what the published kit has of it. */
export {
  batchOf,
  frameOf,
  type MakeStand,
  type Peer,
  plainData,
  Probe,
  ProbeGateway,
  type Stand,
  WatchedGateway,
} from '@fanfare/core/testing'
