"""What MkDocs runs while it builds."""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig

from keystream._address import DOCUMENTATION

RULES = {"Overview": "rules.md"}  # after this entry of the navigation stand the pages of all rules


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Tell the site its own address, where it has one, and where the pages of the rules stand."""
    config.site_url = DOCUMENTATION or None
    pages = sorted((Path(config.docs_dir) / "rules").glob("*.md"))
    _after_the_overview(config.nav, [f"rules/{page.name}" for page in pages])
    return config


def _after_the_overview(entries: Any, pages: list[str]) -> None:
    """Put the pages of the rules behind their overview, wherever that stands."""
    for entry in list(entries or ()):
        if entry == RULES:
            entries.extend(pages)
        elif isinstance(entry, dict):
            for below in entry.values():
                if isinstance(below, list):
                    _after_the_overview(below, pages)
