"""What MkDocs runs while it builds."""

from mkdocs.config.defaults import MkDocsConfig

from keystream._address import DOCUMENTATION


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Tell the site its own address, where it has one."""
    config.site_url = DOCUMENTATION or None
    return config
