"""Workers as an array of Slurm's jobs, over a folder that the nodes share with whoever submits: submitit does the submitting.

`launcher` submits, and asks Slurm about jobs; a `job` runs one worker on its node, and is begun again where Slurm takes the node.
"""
