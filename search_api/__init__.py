"""Where people and machines meet the leads: command line, JSON API, French pages."""
