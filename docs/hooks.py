"""What MkDocs runs while it builds."""

import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig

from keystream._address import DOCUMENTATION

sys.path.insert(0, str(Path(__file__).parent))

from generate_rules import titles

RULES = {"Overview": "rules.md"}  # after this entry of the navigation stand the pages of all rules


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Tell the site its own address, where it has one, and where the pages of the rules stand."""
    config.site_url = DOCUMENTATION or None
    families = [
        {family: [{title: page} for title, page in pages.items()]}
        for family, pages in titles().items()
    ]
    _after_the_overview(config.nav, families)
    return config


def _after_the_overview(entries: Any, families: list[Any]) -> None:
    """Put the pages of the rules behind their overview, wherever that stands."""
    for entry in list(entries or ()):
        if entry == RULES:
            entries.extend(families)
            continue
        if isinstance(entry, dict):
            for below in entry.values():
                if isinstance(below, list):
                    _after_the_overview(below, families)
