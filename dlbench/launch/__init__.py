"""Workers: starting them, asking whether they are alive, stopping them. Imports no torch: the workers do.

`launcher` has what a launcher promises; `local` is the one for processes of this machine. `sessions` begins a run and goes on with
it, `stopping` ends it, `status` says how it stands: the only way in which rooms after this one learn of workers.
"""
