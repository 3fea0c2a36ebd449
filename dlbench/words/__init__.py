"""What stands in texts for people wherever they are made: translations, short numbers, and how foreign text is made harmless."""
