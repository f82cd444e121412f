"""A Chromium that tests drive as a user does: keys, the pointer, the wheel, and what gets downloaded.

It is spoken to over a pair of pipes in its own protocol, so that nothing has to be installed for it.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60.0  # seconds that an answer may take on a busy machine

_KEYS = {
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    "Tab": ("Tab", 9, ""),
    "Home": ("Home", 36, ""),
    "End": ("End", 35, ""),
    "ArrowLeft": ("ArrowLeft", 37, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
    "ArrowRight": ("ArrowRight", 39, ""),
    "ArrowDown": ("ArrowDown", 40, ""),
}
SHIFT = 8


def found() -> str | None:
    """The browser of this machine; None where there is none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Chromium:
    """A running browser."""

    def __init__(self, profile: Path) -> None:
        self._write, self._read, self._process = _started(profile)
        self._number, self._left = 0, b""
        self.events: list[dict[str, Any]] = []

    def ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events that come meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self.events.append(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._left:
            if not select.select([self._read], [], [], max(0.0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._read, 1 << 20)
            if not part:
                raise RuntimeError("the browser has ended")
            self._left += part
        message, _, self._left = self._left.partition(b"\0")
        return json.loads(message)

    def open(
        self,
        page: Path,
        width: int = 1280,
        height: int = 900,
        ready: str = "document.documentElement?.dataset.ready",
        **media: str,
    ) -> Page:
        """Open a file and wait until its script has drawn it.

        Args:
            page: the file.
            width, height: of the window.
            ready: what is true once it is drawn.
            media: features of the display, such as ``prefers_color_scheme="dark"``.
        """
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        opened = Page(self, target, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            opened.ask(f"{domain}.enable")
        opened.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        features = [{"name": n.replace("_", "-"), "value": v} for n, v in media.items()]
        opened.ask("Emulation.setEmulatedMedia", features=features)
        opened.ask("Page.navigate", url=page.as_uri())
        opened.wait(ready)
        return opened

    def close(self) -> None:
        """End the browser."""
        with contextlib.suppress(OSError, RuntimeError, TimeoutError):
            self.ask("Browser.close")
        os.close(self._write)
        end = time.monotonic() + 10
        while time.monotonic() < end and os.waitpid(self._process, os.WNOHANG) == (0, 0):
            time.sleep(0.05)
        with contextlib.suppress(OSError):
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        os.close(self._read)


class Page:
    """An open page."""

    def __init__(self, browser: Chromium, target: str, session: str) -> None:
        self.browser, self._target, self._session = browser, target, session

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command to this page."""
        return self.browser.ask(method, self._session, **parameters)

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript gives."""
        answer = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, expression: str) -> Any:
        """Wait until an expression is true; its value, which has to be one that JSON can hold."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if value := self.value(expression):
                return value
            time.sleep(0.02)
        raise TimeoutError(f"{expression} stays false: {self.complaints()}")

    def text(self, selector: str) -> str:
        """The text of an element."""
        return self.value(f"document.querySelector({json.dumps(selector)}).innerText")

    def count(self, selector: str) -> int:
        """How many elements are on the page and not hidden."""
        return self.value(
            f"[...document.querySelectorAll({json.dumps(selector)})]"
            ".filter((each) => each.checkVisibility()).length"
        )

    def reaches(self, selector: str, count: int) -> bool:
        """Whether there come to be so many elements that are not hidden."""
        end = time.monotonic() + PATIENCE
        while (found := self.count(selector)) != count and time.monotonic() < end:
            time.sleep(0.02)
        return found == count

    def press(self, key: str, modifiers: int = 0) -> None:
        """Press a key, by its name or sign."""
        name, code, text = _KEYS.get(key, (key, ord(key[0].upper()), key))
        described = {
            "key": name, "windowsVirtualKeyCode": code, "modifiers": modifiers, "text": text,
        }  # fmt: skip
        self.ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **described)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **described)

    def type(self, text: str) -> None:
        """Type a text."""
        for sign in text:
            self.press(sign)

    def where(self, selector: str, across: float = 0.5, down: float = 0.5) -> tuple[float, float]:
        """A point of an element, scrolled into view."""
        box = self.value(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({ block: 'center', behavior: 'instant' });"
            "const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()"
        )
        return box[0] + box[2] * across, box[1] + box[3] * down

    def move(self, point: tuple[float, float]) -> None:
        """Move the pointer."""
        self._mouse("mouseMoved", point)

    def click(self, selector: str, across: float = 0.5) -> None:
        """Click an element."""
        point = self.where(selector, across)
        self.drag(point, point)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press at one point and let go at another."""
        self.move(start)
        self._mouse("mousePressed", start, button="left", buttons=1, clickCount=1)
        if start != end:
            self._mouse("mouseMoved", end, button="left", buttons=1)
        self._mouse("mouseReleased", end, button="left", clickCount=1)

    def wheel(self, point: tuple[float, float], turned: float) -> None:
        """Turn the wheel; down is positive."""
        self._mouse("mouseWheel", point, deltaX=0, deltaY=turned)

    def _mouse(self, kind: str, point: tuple[float, float], **more: Any) -> None:
        self.ask("Input.dispatchMouseEvent", type=kind, x=point[0], y=point[1], **more)

    def downloaded(self, act: str, folder: Path) -> Path:
        """The file that a click on an element saves."""
        before = set(folder.iterdir())
        self.browser.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
        self.click(act)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            new = [each for each in set(folder.iterdir()) - before if each.suffix != ".crdownload"]
            if new:
                return new[0]
            time.sleep(0.05)
        raise TimeoutError("nothing was downloaded")

    def picture(self, *, whole: bool = False) -> bytes:
        """The page as a PNG."""
        answer = self.ask("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])

    def roles(self) -> list[tuple[str, str]]:
        """What a screen reader is told: roles with names."""
        nodes = self.ask("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"]
        ]

    def requests(self) -> list[str]:
        """The addresses that the page asked for, itself aside."""
        self.value("1")
        asked = [
            event["params"]["request"]["url"]
            for event in self.browser.events
            if event.get("sessionId") == self._session
            and event["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in asked[1:] if not url.startswith("blob:")]

    def complaints(self) -> list[str]:
        """What its console says of errors."""
        said: list[str] = []
        for event in self.browser.events:
            if event.get("sessionId") != self._session:
                continue
            if event["method"] == "Runtime.exceptionThrown":
                details = event["params"]["exceptionDetails"]
                said.append(str(details.get("exception", {}).get("description", details)))
            if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                said.append(event["params"]["entry"]["text"])
        return said

    def close(self) -> None:
        """Close the page."""
        self.browser.ask("Target.closeTarget", targetId=self._target)


@contextmanager
def running(profile: Path) -> Iterator[Chromium]:
    """A browser for a while."""
    browser = Chromium(profile)
    try:
        yield browser
    finally:
        browser.close()


def _started(profile: Path) -> tuple[int, int, int]:
    """The pipes to and from a new browser, and the number of its process.

    The browser reads from its descriptor 3 and writes to 4, so ours lie above both.
    """
    its_read, our_write = map(_above, os.pipe())
    our_read, its_write = map(_above, os.pipe())
    path = found()
    assert path is not None
    process = os.posix_spawn(
        path,
        [
            path, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
            f"--user-data-dir={profile}", "about:blank",
        ],
        dict(os.environ),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, its_read, 3),
            (os.POSIX_SPAWN_DUP2, its_write, 4),
        ],
    )  # fmt: skip
    os.close(its_read)
    os.close(its_write)
    return our_write, our_read, process


def _above(descriptor: int) -> int:
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved
