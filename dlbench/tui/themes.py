"""Themes: the colour of every ink. Ramps grow in luminance, so that they read in grey, on projectors and by everyone."""
