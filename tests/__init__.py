"""Mirrors the project: pure tests need no server; flow tests run on a real embedded PostgreSQL."""
