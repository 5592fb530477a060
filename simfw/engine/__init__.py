"""Engines: what runs IR. All give the same answers; they differ in speed."""
