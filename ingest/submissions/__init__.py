"""Demands that partners submit by API: their form, their record, and the way to leads."""
