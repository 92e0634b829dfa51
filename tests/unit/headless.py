"""A real browser without a window, spoken to over a pair of pipes; it sees files and nothing else."""

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

PROGRAMS = ("chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome")
SWITCHES = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio"),
    # Whatever a page might ask for is refused before it reaches a network.
    *("--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9", "--remote-debugging-pipe"),
)


def find_browser() -> str | None:
    named = os.environ.get("BROWSER_PROGRAM")
    return named or next(filter(None, map(shutil.which, PROGRAMS)), None)


needs_browser = pytest.mark.skipif(
    find_browser() is None, reason=f"no browser (looked for {', '.join(PROGRAMS)}); `make browser` installs one"
)


class Browser:
    """One page of a browser. Each method waits until it is done."""

    def __init__(self, folder: Path, seconds: float = 60):
        self.seconds, self.numbers, self.events, self.rest = seconds, itertools.count(1), [], b""
        self.folder = folder
        for_it, self.out = os.pipe()
        self.into, from_it = os.pipe()

        def place_pipes():  # the browser reads from 3 and writes to 4
            spare = os.dup(for_it), os.dup(from_it)
            os.dup2(spare[0], 3)
            os.dup2(spare[1], 4)

        self.process = subprocess.Popen(
            [find_browser(), *SWITCHES, f"--user-data-dir={folder / 'profile'}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=place_pipes,
            close_fds=False,
            env=os.environ | {"HOME": str(folder)},
        )
        os.close(for_it)
        os.close(from_it)
        self.session = None
        [page] = [found for found in self.ask("Target.getTargets")["targetInfos"] if found["type"] == "page"]
        self.session = self.ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.out)
        os.close(self.into)

    def ask(self, method: str, **parameters) -> dict:
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        return self.wait(lambda found: found.get("id") == number, method)["result"]

    def wait(self, wanted, what: str) -> dict:
        """The next message that is wanted; events that come before it are kept."""
        deadline = time.monotonic() + self.seconds
        while True:
            while b"\0" not in self.rest:
                if not select.select([self.into], [], [], max(0, deadline - time.monotonic()))[0]:
                    raise TimeoutError(what)
                piece = os.read(self.into, 1 << 16)
                assert piece, f"the browser is gone at {what}"
                self.rest += piece
            text, _, self.rest = self.rest.partition(b"\0")
            found = json.loads(text)
            if "method" in found:
                self.events.append(found)
            if wanted(found):
                assert "error" not in found, f"{what}: {found['error']}"
                return found

    def open(self, path: Path, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        self.events.clear()
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.ask("Page.navigate", url=path.resolve().as_uri())
        if not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.wait(lambda found: found.get("method") == "Page.loadEventFired", "loading")

    def run(self, script: str):
        """The value of an expression of JavaScript."""
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def errors(self) -> list[str]:
        """The page's error messages since it was opened."""
        names = ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
        return [json.dumps(event["params"])[:500] for event in self.events if event["method"] in names]

    def requests(self) -> list[str]:
        """What it requested, except itself and what is embedded in it."""
        asked = [
            event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]

    def click(self, selector: str) -> None:
        """With the mouse, in the middle of what the selector finds first."""
        place = self.run(
            f"(() => {{ const found = document.querySelector({json.dumps(selector)});"
            " found.scrollIntoView({block: 'center', behavior: 'instant'}); const box = found.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def press(self, key: str) -> None:
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        code = codes.get(key) or ord(key.upper())
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def choose_file(self, selector: str, path: Path) -> None:
        """As if it were chosen in the dialog of a file field."""
        found = self.ask("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")["result"]
        self.ask("DOM.setFileInputFiles", files=[str(path)], objectId=found["objectId"])

    def save(self, selector: str) -> bytes:
        """What a click on a link saves."""
        folder = self.folder / "saved"
        shutil.rmtree(folder, ignore_errors=True)
        self.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder), eventsEnabled=True)
        seen = len(self.events)
        self.click(selector)

        def done(found: dict) -> bool:
            return found.get("method") == "Browser.downloadProgress" and found["params"]["state"] == "completed"

        if not any(map(done, self.events[seen:])):  # it may be saved before the click is acknowledged
            self.wait(done, "saving")
        [path] = folder.iterdir()
        return path.read_bytes()

    def picture(self, whole: bool = False) -> bytes:
        """A PNG of what is seen, or of the whole page."""
        return base64.b64decode(self.ask("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def paper(self) -> bytes:
        """The page as PDF, on A4."""
        size = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True}
        return base64.b64decode(self.ask("Page.printToPDF", **size)["data"])
