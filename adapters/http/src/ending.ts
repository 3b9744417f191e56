/** How a connection over plain HTTP ends. */
export interface Ending {
  readonly code: number
  readonly reason: string
}
