/** Where messages come from: clients, or a bus. */
export interface Source {
  /** Sends one message, if it can now. */
  send(): boolean
  /** How many were sent and have no outcome yet. */
  readonly pending: number
  /** Gives up what has no outcome: it is unknown from now on. */
  abandon(): void
  /** Resolves when everything is closed that was opened for it. */
  close(): Promise<void>
}
