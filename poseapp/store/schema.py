"""Which project files this program understands."""

from __future__ import annotations

APPLICATION = 0x706F7365
"""Marks an SQLite file as a project of this program ("pose")."""

VERSION = 2
"""How many migrations a project file has been through; stored in the file."""
