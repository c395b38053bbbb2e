"""What each `shelfwatch` command does with its flags and how it prints: the terminal's side of the package."""
