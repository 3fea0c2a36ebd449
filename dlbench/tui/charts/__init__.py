"""Charts as pictures of cells: numbers in, characters and inks out. They know neither Textual nor colours."""
