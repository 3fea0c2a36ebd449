"""What is measured, one file each: `run(lap, **arguments)` prepares itself, then does one lap of work after another.

A implementation runs in a process of its own (`python -m benchmarks.implementation NAME ARGUMENTS`), so that no library's imports,
threads or memory touch another's. It ends by the `Finished` that `lap` raises when nobody asks for more.
"""
