"""Stands for the only migration of a service that the tests make up; nothing runs it."""
