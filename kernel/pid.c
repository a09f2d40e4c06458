
/**
 * find_ge_pids - Find several pids at or above a number
 * @nr: The lowest number
 * @ns: PID namespace of the numbers
 * @pids: Where to store the pids
 * @max: Size of @pids
 *
 * Like calling find_ge_pid() repeatedly, but descends the tree once per leaf.
 *
 * Context: Under rcu_read_lock(), which also protects the pids that are found.
 * Return: The number of pids found. They are stored in increasing order.
 */
unsigned int find_ge_pids(int nr, struct pid_namespace *ns, struct pid **pids,
			  unsigned int max)
{
	/* Slots may change; one that has become empty is skipped. */
	return data_race(radix_tree_gang_lookup(&ns->idr.idr_rt, (void **)pids,
						nr, max));
}
