"""The dashboard in browsers: one process, one reader of a run's folder, any number of viewers up to a limit."""
