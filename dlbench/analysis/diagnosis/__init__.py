"""Why a net does not learn: rules, held against what probes have measured."""
