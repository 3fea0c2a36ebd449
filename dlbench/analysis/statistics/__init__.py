"""What seeds and samples prove: intervals, tests, and how many seeds a proof would take."""
