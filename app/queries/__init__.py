"""Statements, a module a noun, a function a statement. No HTTP here."""
