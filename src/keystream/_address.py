"""Where the documentation is read: the one place that says it.

``--help``, ``keystream rule``, links in terminals and notebooks, SARIF, the wheel's metadata and the
site itself take the address from here. None of them names one while it is empty.
"""

from __future__ import annotations

# Empty: the pages are read in the source and by `keystream rule`, and no address is promised before
# it answers. The release that publishes the site writes it here, with its slash at the end.
DOCUMENTATION = ""


def page_of(code: str) -> str:
    """The address of a code's page; empty where the documentation has none.

    The library's own errors share a page, and its headings begin with their codes.
    """
    if not DOCUMENTATION:
        return ""
    return f"{DOCUMENTATION}{'errors/' if code < 'KS1' else f'rules/{code}/'}"


def section_of(page: str) -> str:
    """Where a section is read: its address, or while there is none its file in the source.

    Args:
        page: a file below ``docs``, with an anchor or without, such as ``quickstart.md#now-you``.
    """
    if not DOCUMENTATION:
        return f"docs/{page}"
    file, mark, anchor = page.partition("#")
    return f"{DOCUMENTATION}{file.removesuffix('.md')}/{mark}{anchor}"
