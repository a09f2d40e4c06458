
/**
 * find_ge_pids - Find the pids from a number on
 * @nr: The lowest number
 * @ns: PID namespace of the numbers
 * @pids: Array for what is found
 * @max: Size of @pids
 *
 * Descends the tree once for all of them.
 *
 * Context: Under rcu_read_lock(), which is what keeps the pids.
 * Return: How many were found; they are in @pids in the order of their numbers.
 */
unsigned int find_ge_pids(int nr, struct pid_namespace *ns, struct pid **pids,
			  unsigned int max)
{
	/* A slot that was seen to be taken is read once more, if it still is. */
	return data_race(radix_tree_gang_lookup(&ns->idr.idr_rt, (void **)pids,
						nr, max));
}
