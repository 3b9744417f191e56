// A server without budgets, for comparison: what a holder holds is written down, and nobody counts it.
import { Budget } from '../../core/dist/ground/budget.js'

Budget.prototype.hold = (holder, bytes) => {
  holder.heldBytes = bytes
}
