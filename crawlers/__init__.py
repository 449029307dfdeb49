"""Spiders: they fetch what sources publish and land it in files, nothing more."""
