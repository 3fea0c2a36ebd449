"""Why a net does not learn: rules, one in one file each, held against what a trial's probes and evaluations tell."""
