unsigned int find_ge_pids(int nr, struct pid_namespace *ns, struct pid **pids,
			  unsigned int max);
