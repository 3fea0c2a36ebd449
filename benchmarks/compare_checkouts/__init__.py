"""`python -m benchmarks.compare_checkouts BEFORE AFTER`: do two checkouts say the same of the shipped recipes, value by value?"""
