"""Whether generated mess can be told from real mess: ten measures, with yardsticks beside them."""
