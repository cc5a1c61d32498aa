"""A trading desk whose fills differ from run to run; `qfs replay --perturb` says why."""
