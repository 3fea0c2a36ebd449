"""Workers on a cluster of Ray: it chooses the nodes and starts the processes, and a driver on this machine keeps the run's folder.

`launcher` starts a `driver`, a process of its own, which alone imports Ray; on every node an `agent` runs a worker in a folder
there, and the driver fetches what that leaves (`dlbench.launch.freight`).
"""
