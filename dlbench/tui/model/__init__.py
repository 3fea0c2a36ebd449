"""What stands behind the screens: sources of events, the view, the focus, reduced series, words. Knows no Textual."""
