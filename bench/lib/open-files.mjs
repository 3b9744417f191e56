/** What a process needs besides its connections: the program, pipes, and what listens. */
const SPARE = 200

/**
 * How many connections a process of this user may have. Node raises its limit as far as it may by itself; the rest is
 * `ulimit -n`.
 *
 * @returns {number} Infinity where there is no limit
 */
export function mostConnections() {
  const report = /** @type {any} */ (process.report.getReport())
  const soft = report.userLimits?.open_files?.soft
  return typeof soft === 'number' ? Math.max(1, soft - SPARE) : Infinity
}
